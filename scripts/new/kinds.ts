/** What `npm run new` can write: for each kind its files, the places that list it, and what the author does next. */
import { addBefore, addImport, addToList, type Edit } from './edit.ts';
import { fillIn, type Names } from './names.ts';

interface Kind {
  /** Paths of new files, each with its template in scripts/new/. */
  files: (names: Names) => Record<string, string>;
  /** The places that list it. */
  edits: (names: Names) => Edit[];
  /** The file in which its identifier must be free. */
  index?: string;
  /** What the author does next. */
  next: (names: Names) => string[];
}

const probes = 'src/probes/index.ts';
const matchers = 'src/scenario/matchers/index.ts';
const schema = 'schemas/scenario.schema.json';
const render = 'src/report/render.ts';
const hostile = 'test/report/hostile.test.ts';
const formats = 'docs/formats.md';
const faults = 'test/faults/index.ts';

export const kinds: Readonly<Record<string, Kind>> = {
  scenario: {
    files: ({ file, stage }) => ({ [`specs/${stage}/${file}.yaml`]: 'scenario' }),
    edits: ({ name, stage }) => [listInReadme(name, stage)],
    next: ({ file, stage }) => [
      `change specs/${stage}/${file}.yaml`,
      `npx tsx src/cli.ts lint specs (its examples are its test)`,
      'npm run docs',
      'npm run new -- fault NAME: break a real builder so that the check reports it',
    ],
  },
  probe: {
    files: ({ file, stage }) => {
      const prefix = stage === 'client' ? 'client-' : '';
      return {
        [`src/probes/${file}.ts`]: `${prefix}probe`,
        [`specs/${stage}/${file}.yaml`]: `${prefix}probe-scenario`,
        [`test/probes/${file}.test.ts`]: `${prefix}probe-test`,
      };
    },
    edits: ({ name, file, identifier, stage }) => [
      addImport(probes, `import { ${identifier} } from './${file}.ts';`),
      addToList(probes, 'const all:', `  ${identifier},`),
      listInReadme(name, stage),
    ],
    index: probes,
    next: ({ file, stage }) => [
      `change src/probes/${file}.ts, its scenario specs/${stage}/${file}.yaml and its test test/probes/${file}.test.ts`,
      'npx tsx src/cli.ts lint specs',
      'npm run docs',
      `npm test -- test/probes/${file}`,
    ],
  },
  matcher: {
    files: ({ file }) => ({
      [`src/scenario/matchers/${file}.ts`]: 'matcher',
      [`test/scenario/matchers/${file}.test.ts`]: 'matcher-test',
    }),
    edits: ({ name, file, identifier }) => [
      addImport(matchers, `import { ${identifier} } from './${file}.ts';`),
      addToList(matchers, 'const all:', `  ${identifier},`),
      addBefore(schema, '        "anyOf": {', schemaOf(name), '    "matchers": {'),
      addBefore('README.md', ' anyOf allOf not`', ` ${name}`),
    ],
    index: matchers,
    next: ({ file }) => [
      `change src/scenario/matchers/${file}.ts, its test test/scenario/matchers/${file}.test.ts and its description in ${schema}`,
      'add words for a mismatch to src/scenario/words.ts if its name alone does not read well',
      'npm run generate && npm run docs',
      `npm test -- test/scenario/matchers`,
    ],
  },
  reporter: {
    files: ({ file }) => ({
      [`reporters/${file}.hbs`]: 'reporter',
      [`test/report/${file}.test.ts`]: 'reporter-test',
      [`test/report/read-${file}.ts`]: 'reporter-reader',
    }),
    edits: reporterEdits,
    next: ({ file }) => [
      `change reporters/${file}.hbs, its escape in ${render}, its test test/report/${file}.test.ts and its row in ${formats}`,
      `change its reader test/report/read-${file}.ts; if a program reads the format, call that program in ${hostile} instead`,
      `npm test -- test/report/${file}`,
      `NRBD_WRITE_DOCS=1 NRBD_FORMAT=${file} npm test -- ${hostile} (hostile reports through the reader; also writes the table of readers in ${formats})`,
    ],
  },
  fault: {
    files: ({ file }) => ({
      [`test/faults/${file}.ts`]: 'fault',
      [`test/faults/${file}.test.ts`]: 'fault-test',
    }),
    edits: ({ file, identifier }) => [
      addImport(faults, `import { ${identifier}Faults } from './${file}.ts';`),
      addToList(faults, 'export const faults:', `  ...${identifier}Faults,`),
    ],
    next: ({ file }) => [
      `change test/faults/${file}.ts, or move the fault to the file of its family`,
      'npm run faults -- --count',
      `as root: npm test -- test/faults/${file}.test`,
    ],
  },
};

/** Adds a scenario to the table of the README. */
function listInReadme(name: string, stage: string): Edit {
  return addBefore('README.md', ' |\n', ` \`${name}\``, `\n| ${stage} | \``);
}

function schemaOf(name: string): string {
  return `        "${name}": {
          "type": "string",
          "description": "The text ends with this text.",
          "x-usage": ["stdout: {${name}: ready}"]
        },
`;
}

function reporterEdits(names: Names): Edit[] {
  const { name } = names;
  const key = name.includes('-') ? `'${name}'` : name;
  const checked = 'one line for each check, with its outcome and scenario';
  return [
    {
      file: render,
      change: (text) => text.replace(/^import \{ visible \} from/m, 'import { oneLine, visible } from'),
    },
    addToList(render, 'const reporters:', `  ${key}: template('${name}', oneLine, (report) => report),`),
    addToList('test/commands/reports.test.ts', 'const formats = [', `    '${name}',`),
    addImport(hostile, fillIn("import { readPASCAL } from './read-FILE.ts';", names)),
    addToList(hostile, 'const endings:', `  ${key}: '${name}',`),
    addBefore(
      hostile,
      "  t.test('every format has a reader",
      fillIn(
        `  await consumer('NAME', 'a reader of its lines', '${checked}', () =>
    each((one, index) =>
      differs(
        readPASCAL(read(index, 'NAME')),
        all(one).map(({ outcome, scenario }) => ({ outcome, scenario })),
      ),
    ),
  );

`,
        names,
      ),
    ),
    addBefore(formats, '| `PATH.hbs` |', `| \`${name}\` | say who reads it | say what it contains |\n`),
    addBefore(formats, '\n<!-- end -->', `| \`${name}\` | a reader of its lines | ${checked} |\n`),
    addBefore('README.md', 'and templates of your own', `\`${name}\`, `),
  ];
}
