/**
 * `npm run new -- KIND NAME [STAGE]`: writes a scenario, probe, matcher, reporter or fault that works without changes, its
 * registration and its test. The author then changes it. The kinds and their templates are in scripts/new/.
 * Exit 2: the words are refused. Exit 1: a file has no place for the new thing. In both cases nothing is written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkFormat } from '../src/report/render.ts';
import { stages } from '../src/scenario/scenario.ts';
import { kinds } from './new/kinds.ts';
import { camelCase, fillIn, kebabCase, type Names } from './new/names.ts';

type Kind = (typeof kinds)[string];

/** Why this cannot be written, or null. */
function refusal(word: string, kind: Kind, names: Names): string | null {
  const { name, identifier, file } = names;
  if (word === 'reporter' && checkFormat(name) === null) return `the format "${name}" exists`;
  if (kind.index !== undefined && declaredIn(kind.index).includes(identifier))
    return `${kind.index} already has the name "${identifier}"`;
  const paths = Object.keys(kind.files(names));
  // The id of a scenario is the name of its file, in whichever stage.
  const ids = paths.some((path) => path.startsWith('specs/'))
    ? stages.map((stage) => `specs/${stage}/${file}.yaml`)
    : [];
  const taken = [...paths, ...ids].find((path) => existsSync(path));
  return taken === undefined ? null : `${taken} exists`;
}

/** The names that a module imports or declares. */
function declaredIn(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const imported = [...text.matchAll(/^import (?:type )?\{([^}]*)\}/gm)].flatMap(
    ([, list]) => list?.split(',').map((one) => one.trim().replace(/^type /, '')) ?? [],
  );
  const declared = [...text.matchAll(/^(?:export )?(?:const|function) (\w+)/gm)].map(([, one]) => one ?? '');
  return [...imported, ...declared];
}

/** The text of every file that is new or changes, as `npm run format` leaves it. */
async function plan(kind: Kind, names: Names): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const [path, template] of Object.entries(kind.files(names)))
    texts.set(path, fillIn(readFileSync(`scripts/new/${template}.txt`, 'utf8'), names));
  for (const { file, change } of kind.edits(names))
    texts.set(file, change(texts.get(file) ?? readFileSync(file, 'utf8')));
  for (const [path, text] of texts) texts.set(path, await formatted(path, text));
  return texts;
}

async function formatted(filepath: string, text: string): Promise<string> {
  if (!/\.(?:ts|json)$/.test(filepath)) return text;
  const { format, resolveConfig } = await import('prettier');
  try {
    return await format(text, { ...(await resolveConfig(filepath)), filepath });
  } catch (error) {
    const [first = ''] = String(error).split('\n');
    throw new Error(`${filepath}: ${first}`, { cause: error });
  }
}

/** The names to use, or why the words cannot be taken. */
function namesOf(word: string, given: string, stage: string): Names | string {
  const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(given);
  const camel = word === 'matcher' && /^[a-z][a-zA-Z0-9]*$/.test(given);
  if (!kebab && !camel) {
    const or = word === 'matcher' ? '; or camelCase, such as endsWith' : '';
    return `"${given}" is not a valid name. Use small letters, digits and "-", and begin with a letter, such as ends-with${or}`;
  }
  const known = stages.find((one) => one === stage);
  if (known === undefined) return `there is no stage "${stage}": ${stages.join(', ')}`;
  const identifier = camelCase(given);
  const name = word === 'matcher' ? identifier : given;
  return { name, identifier, file: kebabCase(given), stage: known };
}

function refuse(why: string, exitCode: number): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = exitCode;
}

async function main([word = '', given = '', stage = 'nix']: readonly string[]): Promise<void> {
  const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
  if (kind === undefined) {
    refuse(`npm run new -- ${Object.keys(kinds).join('|')} NAME [STAGE]`, 2);
    return;
  }
  const names = namesOf(word, given, stage);
  const why = typeof names === 'string' ? names : refusal(word, kind, names);
  if (why !== null || typeof names === 'string') {
    refuse(why ?? '', 2);
    return;
  }
  let texts: Map<string, string>;
  try {
    texts = await plan(kind, names);
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : String(error)}\nNothing was written.`, 1);
    return;
  }
  const created = kind.files(names);
  for (const [path, text] of texts) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    process.stdout.write(`${Object.hasOwn(created, path) ? 'wrote' : 'changed'} ${path}\n`);
  }
  const steps = kind.next(names).map((line) => `  ${line}\n`);
  process.stdout.write(`\nIt works without changes. Next:\n${steps.join('')}`);
}

await main(process.argv.slice(2));
