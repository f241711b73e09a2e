import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { didYouMean } from '../../src/support/did-you-mean.ts';
import { parseDuration } from '../../src/scenario/duration.ts';
import { checkExamples } from '../../src/scenario/examples.ts';
import { lintScenarios } from '../../src/scenario/lint.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import { findCycle, orderByNeeds } from '../../src/scenario/order.ts';
import { formatProblem } from '../../src/scenario/problem.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { applyReplacements, checkSuite } from '../../src/scenario/suite.ts';

const probes = new Map([['dns', { parameters: ['name'], required: ['name'] }]]);
const folder = new URL('bad/', import.meta.url);

for (const name of readdirSync(folder)) {
  t.test(`${name} is refused at the right place`, (t) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const [, line, column, code, words = ''] = /^# expect (\d+):(\d+) ([\w-]+): (.*)$/m.exec(text) ?? [];
    const problems = lintScenarios([{ path: name, text }], [], probes);
    const [first] = problems;
    t.same(
      [first?.line, first?.column, first?.code],
      [Number(line), Number(column), code],
      JSON.stringify(problems),
    );
    t.ok(words !== '' && `${first?.what} ${first?.fix}`.includes(words), `${first?.what} ${first?.fix}`);
    t.end();
  });
}

function load(files: Record<string, string>): Scenario[] {
  const { scenarios, problems } = loadScenarios(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    { probes },
  );
  t.same(problems, []);
  return scenarios;
}

const small = 'title: a\ncommand: x\nexpect: {exitCode: 0}\n';

t.test('a scenario gets every default, and its id from the file', (t) => {
  const [one] = load({ 'dir/my-check.yaml': small });
  t.match(one, {
    id: 'my-check',
    stage: 'nix',
    target: 'builder',
    per: 'builder',
    needs: [],
    tags: [],
    severity: 'error',
    effect: 'none',
    quick: false,
    timeoutMs: 20_000,
    retry: { attempts: 1, delayMs: 1000 },
    hint: [],
    source: { file: 'dir/my-check.yaml', line: 1 },
  });
  const [other] = loadScenarios([{ path: 'specs/ssh/a.yaml', text: small, stage: 'ssh' }], {
    probes: null,
  }).scenarios;
  t.equal(other?.stage, 'ssh');
  t.same(load({ 'a.yaml': `${small}tags: [disk, two-words]\n` })[0]?.tags, ['disk', 'two-words']);
  t.end();
});

t.test('several scenarios may stand in one file', (t) => {
  t.same(
    load({ 'a.yaml': `id: one\n${small}---\nid: two\n${small}` }).map(({ id }) => id),
    ['one', 'two'],
  );
  t.end();
});

t.test('a problem is shown with its line, carets and what to write instead', (t) => {
  const text = readFileSync(new URL('unknown-key.yaml', folder), 'utf8');
  const [problem] = loadScenarios([{ path: 'spec.yaml', text }], { probes }).problems;
  t.equal(
    problem === undefined ? '' : formatProblem(problem, text).split(' = ')[0],
    'spec.yaml:4:1: unknown key "expct", did you mean "expect"?\n    4 | expct: {exitCode: 0}\n      | ^^^^^\n     ',
  );
  t.end();
});

t.test('all problems of all files are found at once', (t) => {
  const { problems } = loadScenarios(
    [
      { path: 'a.yaml', text: 'title: 1\ncomand: x\nexpect: {exitCode: 0}\n' },
      { path: 'b.yaml', text: 'title: b\n' },
    ],
    { probes },
  );
  t.same(
    problems.map(({ file, code }) => `${file} ${code}`),
    ['a.yaml wrong-type', 'a.yaml unknown-key', 'b.yaml missing-key'],
  );
  t.end();
});

t.test('an alias bomb is refused', (t) => {
  const bomb = `title: a\ncommand: x\nexpect: {exitCode: 0}\nwith:\n  a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghi'
    .split('')
    .map((key, i) => `  ${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
    .join('\n')}\n`;
  t.match(loadScenarios([{ path: 'bomb.yaml', text: bomb }], { probes }).problems, [{ code: 'yaml' }]);
  t.end();
});

t.test('needs that do not exist, or go in a circle, are named', (t) => {
  const [bad] = checkSuite(load({ 'a.yaml': `${small}needs: [connectoin]\n`, 'connection.yaml': small }));
  t.match(bad, { code: 'unknown-need', line: 4, column: 9, endColumn: 19 });
  t.match(bad?.what, 'did you mean "connection"?');
  const [cycle] = checkSuite(
    load({
      'a.yaml': `${small}needs: [b]\n`,
      'b.yaml': `${small}needs: [c]\n`,
      'c.yaml': `${small}needs: [a]\n`,
    }),
  );
  t.match(cycle?.what, 'a -> b -> c -> a');
  t.equal(findCycle([]), null);
  t.end();
});

t.test('a fact must be captured by a scenario that is needed', (t) => {
  const user = 'title: a\ncommand: echo {{facts.port}}\nexpect: {exitCode: 0}\n';
  const giver = `${small}capture: {port: {from: stdout, matches: '(.)'}}\n`;
  t.match(checkSuite(load({ 'a.yaml': user, 'b.yaml': giver })), [{ code: 'unknown-fact', line: 2 }]);
  t.same(
    checkSuite(load({ 'a.yaml': `${user}needs: [c]\n`, 'b.yaml': giver, 'c.yaml': `${small}needs: [b]\n` })),
    [],
  );
  t.match(checkSuite(load({ 'a.yaml': `${small}when: {facts.x: 1}\n` })), [{ code: 'unknown-fact' }]);
  t.end();
});

t.test('an id is taken once, unless a scenario says that it replaces another', (t) => {
  const two = load({ 'x/a.yaml': small, 'y/a.yaml': small });
  t.match(checkSuite(two), [{ code: 'duplicate-id', file: 'y/a.yaml' }]);
  const replaced = applyReplacements(load({ 'x/a.yaml': small, 'y/a.yaml': `${small}replaces: true\n` }));
  t.same(
    replaced.map(({ source }) => source.file),
    ['y/a.yaml'],
  );
  t.end();
});

t.test('scenarios run along the path, and after what they need', (t) => {
  const stage = (name: string, more = ''): string => `${small}stage: ${name}\n${more}`;
  const order = orderByNeeds(
    load({
      'build.yaml': stage('build', 'needs: [late]\n'),
      'late.yaml': stage('fleet'),
      'net.yaml': stage('network'),
      'first.yaml': stage('client'),
    }),
  );
  t.same(
    order.map(({ id }) => id),
    ['first', 'net', 'late', 'build'],
  );
  t.end();
});

t.test('examples must come out as they say, and every cause must have one', (t) => {
  const hints = `${small}hint: [{when: {exitCode: 1}, cause: one, says: a}]\n`;
  const check = (examples: string): string[] =>
    load({ 'a.yaml': `${hints}examples: ${examples}\n` })
      .flatMap(checkExamples)
      .map(({ code }) => code);
  t.same(check('[{exitCode: 0}, {exitCode: 1, cause: one}]'), []);
  t.same(check('[{exitCode: 0}, {exitCode: 1, cause: two}]'), ['cause-without-example', 'example-cause']);
  t.same(check('[{exitCode: 0}, {exitCode: 0, cause: one}]'), ['example-outcome']);
  t.same(check('[{exitCode: 0}]'), ['cause-without-example']);
  t.same(check('[{exitCode: 1, cause: one}]'), ['no-passing-example']);
  const advice = (examples: string): string[] =>
    load({ 'a.yaml': `${hints}severity: advice\nexamples: ${examples}\n` })
      .flatMap(checkExamples)
      .map(({ code }) => code);
  t.same(advice('[{exitCode: 0}, {exitCode: 1, cause: one}]'), []);
  t.same(
    advice('[{exitCode: 1, cause: one}]'),
    ['no-passing-example'],
    'advice is no proof of the healthy case',
  );
  t.same(advice('[{exitCode: 0}, {exitCode: 1, outcome: warn, cause: one}]'), ['example-outcome']);
  t.end();
});

t.test('durations have a unit', (t) => {
  t.same(['500ms', '20s', '1.5m', '20', 's', ''].map(parseDuration), [500, 20_000, 90_000, null, null, null]);
  t.end();
});

t.test('the nearest word is offered, and none when none is near', (t) => {
  t.equal(didYouMean('comand', ['command', 'capture']), ', did you mean "command"?');
  t.equal(didYouMean('zzz', ['command']), '');
  t.equal(didYouMean('foo', ['fix', 'new']), '', 'short words are near to nothing');
  t.end();
});

t.test('an expectation may speak of the nonce, in examples too', (t) => {
  const text =
    "title: a\ncommand: echo {{check.nonce}}\nexpect: {exitCode: 0, stdout: {contains: '{{check.nonce}}'}}\nexamples: [{exitCode: 0, stdout: 'example', outcome: pass}]\n";
  t.same(lintScenarios([{ path: 'nonce.yaml', text }], [], probes), []);
  t.end();
});

t.test('an example with a date is judged by its own time, whatever the day is', (t) => {
  const lint = (example: string): string[] =>
    lintScenarios(
      [
        {
          path: 'valid.yaml',
          text: `title: a\ncommand: x\nexpect: {exitCode: 0, stdout: {date: {after: now+14d}}}\nexamples: [${example}]\n`,
        },
      ],
      [],
      probes,
    ).map(({ code, what }) => `${code}: ${what}`);
  t.same(lint("{exitCode: 0, stdout: '2026-01-16', outcome: pass}"), [], 'at the start of 2026');
  t.match(lint("{exitCode: 0, stdout: '2026-01-14', outcome: pass}"), [
    /^example-outcome: .* expected a date after 2026-01-15T00:00:00Z/,
  ]);
  t.same(lint("{at: '2001-01-01T00:00:00Z', exitCode: 0, stdout: '2001-01-16', outcome: pass}"), []);
  t.end();
});
