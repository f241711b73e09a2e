import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../support/package-root.ts';
import { suggestWord } from '../support/did-you-mean.ts';
import { UserError } from '../support/user-error.ts';

/** `schema scenario|report`: prints the JSON Schema. */
export async function schema(name: string): Promise<number> {
  const known = ['scenario', 'report'];
  if (!known.includes(name)) throw new UserError(`no schema is called "${name}"${suggestWord(name, known)}`);
  process.stdout.write(await readFile(join(packageRoot, 'schemas', `${name}.schema.json`), 'utf8'));
  return 0;
}
