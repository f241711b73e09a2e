import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../support/package-root.ts';
import { UserError } from '../support/user-error.ts';

/** `schema scenario|report`: prints the JSON Schema. */
export async function schema(name: string): Promise<number> {
  if (name !== 'scenario' && name !== 'report')
    throw new UserError(`no schema is called "${name}"; there are: scenario, report`);
  process.stdout.write(await readFile(join(packageRoot, 'schemas', `${name}.schema.json`), 'utf8'));
  return 0;
}
