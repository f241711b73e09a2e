/**
 * `npm run new -- KIND NAME [STAGE]`: writes a scenario, probe, matcher, reporter or fault that works as it stands, its
 * registration and its test; the author then changes it. Templates are in scripts/new/. Exit 2 for words it does not take.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { stages } from '../src/scenario/scenario.ts';

/** A line to add after the last line of a file that matches, or `before` the last one. */
interface Insertion {
  file: string;
  line: string;
  after?: RegExp;
  before?: RegExp;
}

interface Kind {
  /** Paths of new files, each with its template. */
  files: (name: string, stage: string) => Record<string, string>;
  insert?: (name: string, identifier: string) => Insertion[];
  /** What else is changed. */
  more?: (name: string) => Promise<void>;
  /** What the author does next. */
  next: (name: string, stage: string) => string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  scenario: {
    files: (name, stage) => ({ [`specs/${stage}/${name}.yaml`]: 'scenario' }),
    next: (name, stage) => [
      `change specs/${stage}/${name}.yaml; its examples are its test: npx tsx src/cli.ts lint specs/${stage}/${name}.yaml`,
      'npm run docs',
      'npm run new -- fault NAME: break a real builder so that it must speak',
    ],
  },
  probe: {
    files: (name) => ({
      [`src/probes/${name}.ts`]: 'probe',
      [`specs/client/${name}.yaml`]: 'probe-scenario',
      [`test/probes/${name}.test.ts`]: 'probe-test',
    }),
    insert: (name, identifier) => [
      {
        file: 'src/probes/index.ts',
        line: `import { ${identifier} } from './${name}.ts';`,
        after: /^import /,
      },
      { file: 'src/probes/index.ts', line: `  ${identifier},`, after: /^ {2}\w+,$/ },
    ],
    next: (name) => [
      `change src/probes/${name}.ts, its scenario specs/client/${name}.yaml and its test test/probes/${name}.test.ts`,
      'npm run docs',
      `npm test -- test/probes/${name}`,
    ],
  },
  matcher: {
    files: (name) => ({
      [`src/scenario/matchers/${name}.ts`]: 'matcher',
      [`test/scenario/matchers/${name}.test.ts`]: 'matcher-test',
    }),
    insert: (name, identifier) => [
      {
        file: 'src/scenario/matchers/index.ts',
        line: `import { ${identifier} } from './${name}.ts';`,
        after: /^import /,
      },
      { file: 'src/scenario/matchers/index.ts', line: `  ${identifier},`, before: /^\];$/ },
    ],
    more: addToSchema,
    next: (name) => [
      `change src/scenario/matchers/${name}.ts, its test test/scenario/matchers/${name}.test.ts and its words in schemas/scenario.schema.json`,
      'give it words for a mismatch in src/scenario/words.ts, where its name alone does not read well',
      'npm run generate && npm run docs',
      `npm test -- test/scenario/matchers/${name}`,
    ],
  },
  reporter: {
    files: (name) => ({
      [`reporters/${name}.hbs`]: 'reporter',
      [`test/report/${name}.test.ts`]: 'reporter-test',
    }),
    insert: (name) => [
      {
        file: 'src/report/render.ts',
        line: `  ${property(name)}: template('${name}', visible, (report) => report),`,
        after: /^ {2}nagios: /,
      },
      {
        file: 'docs/formats.md',
        line: `| \`${name}\` | say who reads it | say what it holds |`,
        before: /^\| `PATH\.hbs` /,
      },
    ],
    next: (name) => [
      `change reporters/${name}.hbs, its escape in src/report/render.ts and its row in docs/formats.md`,
      'name the program that reads it in test/report/hostile.test.ts, so that hostile reports go through it',
      `npm test -- test/report/${name}`,
    ],
  },
  fault: {
    files: (name) => ({ [`test/faults/${name}.ts`]: 'fault', [`test/faults/${name}.test.ts`]: 'fault-test' }),
    insert: (name, identifier) => [
      {
        file: 'test/faults/index.ts',
        line: `import { ${identifier}Faults } from './${name}.ts';`,
        after: /^import /,
      },
      { file: 'test/faults/index.ts', line: `  ...${identifier}Faults,`, before: /^\];$/ },
    ],
    next: (name) => [
      `change test/faults/${name}.ts, or move the fault to the file of its family`,
      'npm run faults -- --count',
      `as root: npm test -- test/faults/${name}.test`,
    ],
  },
};

/** `a-name` as a variable. */
function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** As a key of an object. */
function property(name: string): string {
  return name.includes('-') ? `'${name}'` : name;
}

async function addToSchema(name: string): Promise<void> {
  const file = 'schemas/scenario.schema.json';
  const schema = JSON.parse(readFileSync(file, 'utf8')) as {
    $defs: { matchers: { properties: Record<string, unknown> } };
  };
  schema.$defs.matchers.properties[name] = {
    type: 'number',
    description: 'The number can be divided by this one.',
    'x-usage': [`value: {count: {${name}: 3}}`],
  };
  writeFileSync(file, await formatted(file, JSON.stringify(schema)));
}

/** As `npm run format` would leave it. */
async function formatted(filepath: string, text: string): Promise<string> {
  return /\.(?:ts|json)$/.test(filepath)
    ? format(text, { ...(await resolveConfig(filepath)), filepath })
    : text;
}

function insertLine({ file, line, after, before }: Insertion): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findLastIndex((one) => (after ?? before)?.test(one));
  if (at < 0) throw new Error(`${file} has no place for: ${line}`);
  lines.splice(after === undefined ? at : at + 1, 0, line);
  writeFileSync(file, lines.join('\n'));
}

/** Why these words cannot be taken, or null. */
function refusal(kind: Kind | undefined, name: string, stage: string): string | null {
  if (kind === undefined) return `npm run new -- ${Object.keys(kinds).join('|')} NAME [STAGE]`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `"${name}" is no name: small letters, digits and "-", a letter first`;
  if (!stages.some((one) => one === stage)) return `there is no stage "${stage}": ${stages.join(', ')}`;
  const taken = Object.keys(kind.files(name, stage)).find((file) => existsSync(file));
  return taken === undefined ? null : `${taken} exists`;
}

const [word = '', name = '', stage = 'nix'] = process.argv.slice(2);
const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
const refused = refusal(kind, name, stage);
if (kind === undefined || refused !== null) {
  process.stderr.write(`${refused ?? ''}\n`);
  process.exitCode = 2;
} else {
  const identifier = camelCase(name);
  for (const [file, template] of Object.entries(kind.files(name, stage))) {
    const text = readFileSync(`scripts/new/${template}.txt`, 'utf8');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      await formatted(file, text.replaceAll('IDENTIFIER', identifier).replaceAll('NAME', name)),
    );
    process.stdout.write(`${file}\n`);
  }
  for (const insertion of kind.insert?.(name, identifier) ?? []) {
    insertLine(insertion);
    process.stdout.write(`${insertion.file}: ${insertion.line.trim()}\n`);
  }
  await kind.more?.(name);
  process.stdout.write(
    `\nIt works as it stands. Next:\n${kind
      .next(name, stage)
      .map((line) => `  ${line}\n`)
      .join('')}`,
  );
}
