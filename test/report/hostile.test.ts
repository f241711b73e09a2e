import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse as readCtrf } from 'ctrf';
import fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import pLimit from 'p-limit';
import t from 'tap';
import type { Outcome, Report, ReportCheck } from '../../src/generated/types.ts';
import { nagiosExitCodeOf } from '../../src/report/exit-code.ts';
import { outcomes } from '../../src/report/outcomes.ts';
import { render } from '../../src/report/render.ts';
import { findTroubles } from '../../src/report/trouble.ts';
import { startBrowser } from './browser.ts';
import { type Consumer, formatsTable } from './formats-table.ts';
import { readWorkflowCommand } from './github-commands.ts';
import { builder, check, failed, hostile, report } from './sample.ts';
import { readTap } from './read-tap.ts';
import type { RenderOptions } from '../../src/report/render-options.ts';

const count = 1000;
const seed = Number(process.env['NRBD_SEED'] ?? Date.now() % 1_000_000);
const skip = process.env['NRBD_NO_FLEET'] ?? false;
/** `NRBD_FORMAT=tap` runs only the readers of that format. */
const only = process.env['NRBD_FORMAT'];

/** Words that mean something to one of the readers. */
const words = [
  ...hostile,
  '::error file=/etc/passwd,line=1::forged',
  '\n::set-output name=x::y',
  '%0A::error::forged',
  '##[error]forged',
  '"} 1\nnix_remote_builder_up{builder="forged"} 1\n# HELP x',
  'forged | healthy=9;;;0;9',
  '```\n# forged\n```',
  '| a | b |\n| - | - |',
  '[x](https://example.org) https://example.org www.example.org <b>@somebody</b>',
  '</script><script>document.title="owned"</script>',
  '<!-- --> <img src=x onerror=alert(1)> &lt;',
  '{{this}} {{{raw}}}',
  '\u2028\u2029\u0085\ufeff',
  'é\u0301\u200b\u200d👩‍👩‍👧',
  '',
  ' ',
];

const text = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes)),
  fc.array(fc.constantFrom(...words), { minLength: 2, maxLength: 4 }).map((parts) => parts.join('')),
);

const stages = ['client', 'network', 'ssh', 'nix', 'build', 'fleet'] as const;
const oneCheck = (index: number): fc.Arbitrary<ReportCheck> =>
  fc
    .record({
      outcome: fc.constantFrom(...outcomes),
      said: text,
      cause: fc.constantFrom(undefined, 'key-too-open', 'daemon-down'),
    })
    .map(({ outcome, said, cause }) => {
      const known = cause === undefined ? {} : { cause };
      const base = outcome === 'fail' ? failed(said) : check(outcome, { message: said, title: said });
      const { cause: _, ...rest } = base;
      return {
        ...rest,
        ...known,
        scenario: `scenario-${index}`,
        stage: stages[index % stages.length] ?? 'ssh',
      };
    });
const checks = fc
  .integer({ min: 0, max: 4 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => oneCheck(index))));

/** Names are unique in a report, as the engine makes them. */
const reports = fc
  .record({
    rows: fc.array(fc.tuple(text, checks), { maxLength: 3 }),
    client: checks,
    host: text,
    user: text,
  })
  .map(({ rows, client, host, user }) => {
    const names = new Set<string>();
    const builders = rows.map(([name, own]) => {
      const unique = names.has(name) ? `${name} ${names.size}` : name;
      names.add(unique);
      return { ...builder(unique, own, client), source: { file: `/etc/${host}`, line: 3 } };
    });
    const made = report(builders, client);
    return { ...made, client: { ...made.client, hostname: host, user } };
  });

const plain: RenderOptions = { color: false, verbosity: 3, width: 100 };
const endings: Record<string, string> = {
  table: 'txt',
  tap: 'tap14',
  tap13: 'tap',
  junit: 'xml',
  'junit-strict': 'strict.xml',
  json: 'json',
  ctrf: 'ctrf.json',
  markdown: 'md',
  html: 'html',
  github: 'log',
  prometheus: 'prom',
  nagios: 'nagios',
};

const sampled: Report[] = [
  ...fc.sample(reports, { numRuns: count, seed }),
  // One line of 5 MB, said by everything that can say something.
  report([builder('big', [failed('x'.repeat(5_000_000)), check('error', { message: 'y'.repeat(100) })])]),
];

function all({ clientChecks, builders }: Report): ReportCheck[] {
  return [...clientChecks, ...builders.flatMap(({ checks: own }) => own)];
}

function number(of: Report, ...wanted: Outcome[]): number {
  return all(of).filter(({ outcome }) => wanted.includes(outcome)).length;
}

const consumers: Consumer[] = [];

t.test(`hostile reports (${count}, seed ${seed}) through every format's real reader`, { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-hostile-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (index: number, format: string): string =>
    join(folder, `${String(index).padStart(4, '0')}.${endings[format] ?? ''}`);
  const read = (index: number, format: string): string => readFileSync(file(index, format), 'utf8');
  const seconds: Record<string, number> = {};
  for (const format of Object.keys(endings).filter((name) => name === (only ?? name))) {
    const began = performance.now();
    for (const [index, one] of sampled.entries())
      writeFileSync(file(index, format), await render(one, format, plain));
    seconds[format] = (performance.now() - began) / 1000;
  }
  t.comment(`written in seconds: ${JSON.stringify(seconds)}`);

  /** One reader of one format: the reports that it tells otherwise are named. */
  const consumer = async (
    format: string,
    name: string,
    checked: string,
    wrong: () => string[] | Promise<string[]>,
    missing: string | false = false,
  ): Promise<void> => {
    consumers.push({ format, name, checked });
    if (only !== undefined && format !== only) return;
    await t.test(`${format}: ${name}: ${checked}`, { skip: missing }, async (t) => {
      const found = await wrong();
      t.same(found.slice(0, 3), [], `${found.length} of ${sampled.length} read otherwise`);
    });
  };
  const each = (test: (one: Report, index: number) => string | false | undefined): string[] =>
    sampled.flatMap((one, index) => {
      const problem = test(one, index);
      return problem === undefined || problem === false ? [] : [`report ${index}: ${problem}`];
    });
  const differs = (found: unknown, expected: unknown): string | false =>
    JSON.stringify(found) !== JSON.stringify(expected) &&
    `${JSON.stringify(found)}, not ${JSON.stringify(expected)}`.slice(0, 500);

  const tapWord = (outcome: Outcome): string =>
    outcome === 'fail' || outcome === 'error'
      ? 'not ok'
      : outcome === 'skip' || outcome === 'blocked'
        ? 'skip'
        : 'ok';
  for (const format of ['tap', 'tap13'])
    await consumer(format, 'tap-parser, strict', 'each outcome, no line that is not TAP', () =>
      each((one, index) => {
        const { points, problems } = readTap(read(index, format));
        return problems.length > 0
          ? problems[0]
          : differs(
              points,
              all(one).map(({ outcome }) => tapWord(outcome)),
            );
      }),
    );

  await consumer('tap13', 'TAP::Parser, which is prove', 'each group red or not, no parse error', () => {
    const { stdout, stderr } = spawnSync('perl', ['test/report/consumers.pl'], {
      input: sampled.map((_, index) => file(index, 'tap13')).join('\n'),
      encoding: 'utf8',
    });
    if (stderr !== '') return [stderr];
    const said = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    return each((one, index) => {
      const groups = [
        ...(one.clientChecks.length === 0 ? [] : [{ checks: one.clientChecks }]),
        ...one.builders,
      ];
      const expected = groups
        .map(({ checks: own }) =>
          own.some(({ outcome }) => tapWord(outcome) === 'not ok') ? 'not ok' : 'ok',
        )
        .join(',');
      return differs(said[index]?.slice(1), [expected, '0']);
    });
  });

  const { stdout } = spawnSync('/usr/bin/python3', ['-W', 'ignore', 'test/report/consumers.py', folder], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const said = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
  const told = (index: number, format: string): Record<string, unknown> =>
    said[`${String(index).padStart(4, '0')}.${endings[format] ?? ''}`] ?? {};
  for (const format of ['junit', 'junit-strict'])
    await consumer(
      format,
      "Python's XML parser (expat)",
      'the number of failures, errors and skipped tests',
      () =>
        each((one, index) =>
          differs(told(index, format), {
            testcase: all(one).length,
            failure: number(one, 'fail'),
            error: number(one, 'error'),
            skipped: number(one, 'skip', 'blocked'),
          }),
        ),
    );
  await consumer('json', 'python3-jsonschema', 'the schema, and the counts', () =>
    each((one, index) => differs(told(index, 'json'), { valid: true, checks: one.summary.checks })),
  );
  await consumer(
    'ctrf',
    "CTRF's own package",
    'valid by its schema (each tenth), and the number of each status',
    () =>
      each((one, index) => {
        const {
          tests,
          passed,
          failed: red,
          skipped,
          other,
        } = readCtrf(read(index, 'ctrf'), { validate: index % 10 === 0 }).results.summary;
        return differs(
          [tests, passed, red, skipped, other],
          [
            all(one).length,
            number(one, 'pass', 'warn'),
            number(one, 'fail', 'error'),
            number(one, 'skip', 'blocked'),
            0,
          ],
        );
      }),
  );
  await consumer(
    'prometheus',
    "Prometheus's Python client",
    'outcomes, builders up, one cause for each that is not',
    () =>
      each((one, index) => {
        const { counts, up, causes } = told(index, 'prometheus');
        const expected =
          all(one).length === 0 && one.builders.length === 0
            ? {}
            : Object.fromEntries(outcomes.map((outcome) => [outcome, number(one, outcome)]));
        return (
          differs(counts, expected) ||
          differs(
            up,
            one.builders.map(({ verdict }) => (verdict === 'healthy' ? 1 : 0)),
          ) ||
          differs(causes, one.builders.filter(({ rootCause }) => rootCause !== null).length)
        );
      }),
  );
  await consumer('prometheus', 'promtool check metrics', 'no complaint', async () => {
    const atOnce = pLimit(2);
    const problems = await Promise.all(
      sampled.map((_, index) =>
        atOnce(async () => {
          const running = promisify(execFile)('/bin/sh', [
            '-c',
            'promtool check metrics < "$1"',
            'sh',
            file(index, 'prometheus'),
          ]);
          return running.then(
            ({ stderr }) => stderr,
            (error: unknown) => String(error),
          );
        }),
      ),
    );
    return problems.filter((problem) => problem !== '');
  });

  const schemas = process.env['JUNIT_XSD_DIR'] ?? '';
  for (const schema of ['ant-junit.xsd', 'jenkins-junit-10.xsd'])
    await consumer(
      'junit-strict',
      `xmllint with ${schema}`,
      'valid',
      () => {
        if (!existsSync(join(schemas, schema))) return [];
        const names = sampled.map((_, index) => file(index, 'junit-strict'));
        const { stderr } = spawnSync(
          'xmllint',
          ['--huge', '--noout', '--schema', join(schemas, schema), ...names],
          {
            encoding: 'utf8',
            maxBuffer: 1e9,
          },
        );
        const lines = stderr.trimEnd().split('\n');
        return lines
          .filter((line) => !line.endsWith(' validates'))
          .concat(lines.length < names.length ? ['not all were read'] : []);
      },
      existsSync(join(schemas, schema)) ? false : 'JUNIT_XSD_DIR does not name the folder with the schemas',
    );
  await consumer('junit', 'xmllint', 'well-formed', () => {
    const names = sampled.map((_, index) => file(index, 'junit'));
    const { stderr } = spawnSync('xmllint', ['--huge', '--noout', ...names], { encoding: 'utf8' });
    return stderr === '' ? [] : [stderr];
  });

  await consumer(
    'github',
    "a reader of GitHub's workflow commands",
    'only our commands; red for each cause of a builder, and each scenario',
    () =>
      each((one, index) => {
        const lines = read(index, 'github').trimEnd().split('\n');
        const commands = lines.map(readWorkflowCommand);
        if (commands.some((command) => command === null)) return 'a line is no command';
        if (lines.some((line) => /##\[/.test(line.split('::')[0] ?? ''))) return 'a command of the old form';
        const errors = commands.filter((command) => command?.command === 'error').length;
        const rows = [one.clientChecks, ...one.builders.map(({ checks: own }) => own)];
        const kinds = new Set(
          rows
            .flat()
            .filter(({ outcome }) => ['fail', 'error', 'warn'].includes(outcome))
            .map(({ outcome, scenario }) => `${outcome} ${scenario}`),
        );
        const expected =
          (one.summary.verdict === 'healthy' ? 0 : 1) +
          one.builders.reduce((sum, { rootCause, checks: own }) => {
            const failed = own.filter(({ outcome }) => outcome === 'fail');
            const causes = new Set(failed.map((one) => one.cause ?? `${one.scenario} ${one.message}`));
            return sum + (causes.size || (rootCause === null ? 0 : 1));
          }, 0) +
          [...kinds].filter((kind) => !kind.startsWith('warn')).length;
        const others = new Set(
          commands
            .map((command) => command?.command)
            .filter((name) => !['error', 'warning', 'notice'].includes(name ?? '')),
        );
        return differs([errors, [...others]], [expected, []]);
      }),
  );

  await consumer(
    'markdown',
    "micromark, GitHub's flavour",
    'a mark for each check, a heading for each cause, no link, no HTML',
    () =>
      each((one, index) => {
        const html = micromark(read(index, 'markdown'), { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
        const foreign = /<(?:a|img|script|b|input|del|em|pre><code class)\b/.exec(html);
        if (foreign !== null) return `${foreign[0]} in the page`;
        if (/&lt;\/?(?:a|p|table)\b/.test(html)) return 'markup of ours was read as text';
        const rows = [...html.matchAll(/<tr>\n((?:<td>.*<\/td>\n)+)<\/tr>/g)].map(([, row]) =>
          [...(row ?? '').matchAll(/<td>(.*)<\/td>/g)]
            .map(([, cell]) => cell ?? '')
            .slice(1, -1)
            .join(''),
        );
        const groups = [
          ...(one.clientChecks.length === 0 ? [] : [one.clientChecks]),
          ...one.builders.map(({ checks: own }) => own),
        ];
        const letters = {
          '✓': 'pass',
          '!': 'warn',
          '✗': 'fail',
          '?': 'error',
          '·': 'blocked',
          '-': 'skip',
        } as Record<string, string>;
        const seen = rows.map((row) => Array.from(row, (mark) => letters[mark]).sort());
        const headings = [...html.matchAll(/<h[1-6]>/g)].length;
        return (
          differs(
            seen,
            groups.map((own) => own.map(({ outcome }) => outcome).sort()),
          ) || differs(headings, 1 + Math.min(50, findTroubles(one).length))
        );
      }),
  );

  await consumer(
    'nagios',
    "a plugin's line as Nagios reads it",
    'one line, the state, the performance data',
    () =>
      each((one, index) => {
        const output = read(index, 'nagios');
        const [line, rest] = output.split('\n');
        const [said = '', data = '', more] = (line ?? '').split('|');
        const values = Object.fromEntries<number>(
          [...data.matchAll(/ ([^= ']+)=([\d.]+)(s?);[\d.]*;[\d.]*;[\d.]*;?[\d.]*/g)].map(
            ([, label, value]): [string, number] => [label ?? '', Number(value)],
          ),
        );
        const state = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'][nagiosExitCodeOf(one)];
        return (
          differs([rest, more === undefined, output.length < 4096], ['', true, true]) ||
          differs(said.startsWith(`NIX_BUILDERS ${state} - `), true) ||
          differs(
            [
              values['healthy'],
              values['unhealthy'],
              values['failed'],
              values['unmeasured'],
              values['warnings'],
            ],
            [
              one.summary.builders.healthy,
              one.summary.builders.unhealthy,
              number(one, 'fail'),
              number(one, 'error'),
              number(one, 'warn'),
            ],
          )
        );
      }),
  );

  await consumer('table', 'a terminal', 'the verdict first, the counts last, no control character', () =>
    each((one, index) => {
      const output = read(index, 'table');
      if (/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(output) || !output.isWellFormed())
        return 'a control character';
      const lines = output.trimEnd().split('\n');
      const counts = outcomes
        .filter((outcome) => number(one, outcome) > 0)
        .map((outcome) => `${number(one, outcome)} ${outcome}`);
      return (
        differs(lines[0]?.startsWith(`${one.summary.verdict.toUpperCase()}: `), true) ||
        differs(lines.at(-1), `${counts.join(', ')} in 1.2 s`)
      );
    }),
  );

  await consumer(
    'html',
    'Chromium',
    'a cell for each check with its outcome, no script but ours, a silent console',
    async () => {
      const browser = await startBrowser();
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      const problems: string[] = [];
      for (const [index, one] of sampled.entries()) {
        await page.setContent(read(index, 'html'), { waitUntil: 'commit' });
        const seen = await page.evaluate<string>(
          `JSON.stringify([document.title.split(':')[0], [...document.querySelectorAll('.cell')].map((cell) => cell.className.replace('cell ', '')).sort(), document.scripts.length, document.querySelectorAll('img, iframe, link').length])`,
        );
        const marks = { healthy: '✓', degraded: '!', unhealthy: '✗' };
        const expected = [
          `${marks[one.summary.verdict]} ${one.summary.verdict}`,
          all(one)
            .map(({ outcome }) => outcome)
            .sort(),
          2,
          0,
        ];
        const problem = differs(JSON.parse(seen), expected) || differs(complaints, []);
        if (problem !== false) problems.push(`report ${index}: ${problem}`);
        complaints.length = 0;
      }
      await browser.close();
      return problems;
    },
  );

  t.test('every format has a reader, and the table in the docs says so', (t) => {
    if (only !== undefined) t.ok(Object.hasOwn(endings, only), `NRBD_FORMAT is a format: ${only}`);
    t.same([...new Set(consumers.map(({ format }) => format))].sort(), Object.keys(endings).sort());
    const problems = formatsTable('docs/formats.md', consumers, process.env['NRBD_WRITE_DOCS'] !== undefined);
    t.same(problems, []);
    t.end();
  });
});
