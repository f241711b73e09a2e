/** Writes the reference in docs/ from the schema and the default suite. `--check` only reports pages that are out of date. */
import { readScenarioFiles } from '../src/setup/suite.ts';
import { stepAsWritten } from '../src/fix/as-written.ts';
import { formsOf, type ShownForm } from '../src/report/fix-forms.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { probes } from '../src/probes/index.ts';
import { decisionsPage } from './decisions-page.ts';
import { loadScenarios } from '../src/scenario/load.ts';
import { orderByNeeds } from '../src/scenario/order.ts';
import { type Scenario, stages } from '../src/scenario/scenario.ts';
import { faults } from '../test/faults/index.ts';
import { crossTable, readResults } from './fault-results.ts';

interface Schema {
  description?: string;
  type?: string | string[];
  enum?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  required?: string[];
  'x-usage'?: string[];
}

interface Bench {
  machine: string;
  twenty: { ms: Record<string, number>; ratio: Record<string, { median: number }>; rounds: number };
  targets: { name: string; most: number; figure: number; met: boolean }[];
}

const generated = '<!-- Written by `npm run docs`; do not edit. -->\n\n';

function language({ properties = {}, required = [], $defs = {} }: Schema): string {
  const rows = Object.entries(properties).flatMap(([name, schema]) =>
    keyRows(name, schema, required.includes(name), $defs),
  );
  return [
    '# The language of scenarios',
    '',
    'This page lists every key of a scenario, from the schema. [Matchers](matchers.md) test the result of a check.',
    '',
    '| key | values | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** Definitions that the page shows where they are used. Conditions and matchers are described elsewhere. */
const writtenOut = ['#/$defs/fix', '#/$defs/expectation'];

function keyRows(
  name: string,
  given: Schema,
  required: boolean,
  definitions: Readonly<Record<string, Schema>>,
): string[] {
  const resolve = (one: Schema | undefined): Schema | undefined =>
    one?.$ref !== undefined && writtenOut.includes(one.$ref)
      ? { ...definitions[one.$ref.replace('#/$defs/', '')], ...one }
      : one;
  const schema = resolve(given) ?? given;
  const { description = '', type, enum: words } = schema;
  const values = words?.map((word) => `\`${word}\``).join(' ') ?? [type ?? 'any'].flat().join(' or ');
  const inner = schema.properties ?? resolve(schema.items)?.properties ?? {};
  const own = `| \`${name}\`${required ? ' (required)' : ''} | ${values} | ${cell(description)} |`;
  const combining = ['anyOf', 'allOf', 'not'];
  const rows = Object.entries(inner)
    .filter(([key]) => !combining.includes(key))
    .flatMap(([key, value]) => keyRows(`${name}.${key}`, value, false, definitions));
  return [own, ...rows];
}

function matcherPage(matchers: Schema): string {
  return [
    '# Matchers',
    '',
    'A bare value means `equals`. If you give several matchers, all of them must match. Matchers can contain matchers.',
    '',
    ...Object.entries(matchers.properties ?? {}).flatMap(
      ([name, { description = '', 'x-usage': usage = [] }]) => [
        `## ${name}`,
        '',
        description,
        '',
        '```yaml',
        ...usage.map((text) => `expect: {${text}}`),
        '```',
        '',
      ],
    ),
  ].join('\n');
}

function scenarioPage(scenarios: readonly Scenario[]): string {
  return [
    '# The default suite',
    '',
    ...stages.flatMap((stage) => [
      `## ${stage}`,
      '',
      ...scenarios.filter((scenario) => scenario.stage === stage).flatMap(scenarioSection),
    ]),
  ].join('\n');
}

const severityWords = { error: 'a failure', warning: 'a warning', advice: 'advice' } as const;

function scenarioSection({
  id,
  title,
  about = '',
  needs,
  tags,
  severity,
  effect,
  per,
  hint,
}: Scenario): string[] {
  const causes = [...new Set(hint.flatMap(({ cause }) => cause ?? []))];
  return [
    `### ${id}`,
    '',
    `${title}. ${about.trim()}`,
    '',
    `Runs once per ${per}. Needs: ${needs.map((need) => `[${need}](#${need})`).join(', ') || 'nothing'}. A missed expectation is ${severityWords[severity]}. Effect: ${effect}.${tags.length === 0 ? '' : ` Tags: ${tags.map((tag) => `\`${tag}\``).join(', ')}.`}`,
    ...(causes.length === 0
      ? []
      : ['', `Causes: ${causes.map((cause) => `[${cause}](causes.md#${cause})`).join(', ')}`]),
    '',
  ];
}

function causePage(scenarios: readonly Scenario[]): string {
  const all = scenarios.flatMap((scenario) =>
    scenario.hint.map((hint) => ({ scenario: scenario.id, ...hint })),
  );
  const names = [...new Set(all.flatMap(({ cause }) => cause ?? []))].sort();
  return [
    '# Causes',
    '',
    'This page shows what `explain CAUSE` prints. In a report, values replace the names in braces.',
    '',
    ...names.flatMap((name) => [
      `## ${name}`,
      '',
      ...all
        .filter(({ cause }) => cause === name)
        .flatMap(({ scenario, says, fix, see }) => [
          `Found by [${scenario}](scenarios.md#${scenario}): ${says.trim().replace(/\s+/g, ' ')}`,
          '',
          ...fix.flatMap((step, index) => [
            `${index + 1}. On the ${step.on}${step.says === undefined ? '' : `: ${step.says}`}`,
            '',
            ...formsOf(stepAsWritten(step)).flatMap(formLines),
          ]),
          ...(see === undefined ? [] : [`See ${see}`, '']),
        ]),
    ]),
  ].join('\n');
}

function formLines({ label, parts }: ShownForm): string[] {
  return parts.flatMap(({ head, kind, text }, index) => {
    const title = [index === 0 && label !== '' ? `${label}:` : '', head]
      .filter((part) => part !== '')
      .join(' ');
    const sign = { command: '', new: '+ ', old: '- ' }[kind];
    const body = text.split('\n').map((line) => `${sign}${line}`);
    return [
      ...(title === '' ? [] : [`   ${title}`, '']),
      `   \`\`\`${kind === 'command' ? 'sh' : 'diff'}`,
      ...indent(body.join('\n')),
      '   ```',
      '',
    ];
  });
}

function indent(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => `   ${line}`);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}

async function pages(): Promise<Record<string, string>> {
  const files = await readScenarioFiles('specs');
  const { scenarios } = loadScenarios(files, { probes });
  const schema = JSON.parse(readFileSync('schemas/scenario.schema.json', 'utf8')) as Schema & {
    $defs: { matchers: Schema };
  };
  return {
    'docs/language.md': generated + language(schema),
    'docs/matchers.md': generated + matcherPage(schema.$defs.matchers),
    'docs/scenarios.md': generated + scenarioPage(scenarios),
    'docs/causes.md': generated + causePage(scenarios),
    'docs/decisions.md': generated + decisionsPage(scenarios),
    'docs/laboratory.md': generated + laboratoryPage(),
    'README.md': withSuite(readmeWith(JSON.parse(read('docs/bench.json')) as Bench), scenarios),
  };
}

/** Fault x profile: the last results of `npm run faults -- --save`. */
function laboratoryPage(): string {
  const seen = Object.entries(readResults()).map(([profile, outcomes]) => ({ profile, outcomes }));
  return [
    '# The laboratory: faults and kinds of machines',
    '',
    'This page shows the last results of `npm run faults -- --profile all --save` on real hosts of `test/fleet`.',
    '',
    '* `healed`: the program reports the right cause. After the test runs the printed fix, the builder is healthy.',
    '* `named`: the program reports the right cause. The test does not run the fix.',
    '* `none`: this is not a fault on that kind of machine.',
    '* `wrong`: the program reports another cause, or the builder is not healthy after the fix.',
    '* `-`: the test did not run on that kind of machine.',
    '',
    crossTable(seen, faults),
    '',
  ].join('\n');
}

/** The README with the table of the default suite: a row for each stage, in the order in which its scenarios run. */
function withSuite(readme: string, scenarios: readonly Scenario[]): string {
  const ordered = orderByNeeds(scenarios);
  const rows = stages.map((stage) => {
    const ids = ordered.filter((scenario) => scenario.stage === stage).map(({ id }) => `\`${id}\``);
    return `| ${stage} | ${ids.join(' ')} |`;
  });
  return readme.replace(
    /(\| stage \| scenarios \|\n\| --- \| --- \|\n)(?:\| .*\n)+/,
    `$1${rows.join('\n')}\n`,
  );
}

/** The README with the results of the last `npm run bench`. */
function readmeWith({ machine, twenty, targets }: Bench): string {
  const missed = targets.filter(({ met }) => !met).length;
  const table = [
    `| read-only suite, 20 builders, medians of ${twenty.rounds} rounds | ms | times the limit |`,
    '| --- | ---: | ---: |',
    ...Object.entries(twenty.ms).map(
      ([name, ms]) =>
        `| ${names[name] ?? name} | ${ms} | ${(twenty.ratio[name]?.median ?? Number.NaN).toFixed(1)} |`,
    ),
    '',
    `Measured by \`npm run bench\` on ${machine}, builders and client on the same machine. ${missed} of the ${targets.length} targets ${missed === 1 ? 'is' : 'are'} missed: [all targets](docs/performance.md).`,
  ];
  return read('README.md').replace(
    /(<!-- bench -->\n)[^]*?(<!-- \/bench -->)/,
    `$1\n${table.join('\n')}\n\n$2`,
  );
}

const names: Readonly<Record<string, string>> = {
  limit: 'the limit: the same commands in one script over one `ssh` per builder',
  doctor: 'nix-remote-builder-doctor',
};

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const stale = Object.entries(await pages()).filter(([file, text]) => read(file) !== text);
if (process.argv[2] === '--check') {
  if (stale.length > 0) {
    process.stderr.write(`${stale.map(([file]) => file).join(', ')}: out of date; run npm run docs\n`);
    process.exitCode = 1;
  }
} else for (const [file, text] of stale) writeFileSync(file, text);
