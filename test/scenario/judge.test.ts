import t from 'tap';
import type { Expectation } from '../../src/scenario/scenario.ts';
import { applies } from '../../src/scenario/applies.ts';
import { judge } from '../../src/scenario/judge.ts';
import { exampleBuilder, exampleClient } from '../../src/scenario/known-names.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import type { Context } from '../../src/scenario/template/context.ts';

function scenario(text: string): Scenario {
  const { scenarios, problems } = loadScenarios([{ path: 'test.yaml', text }], { probes: null });
  const [first] = scenarios;
  if (first === undefined) throw new Error(JSON.stringify(problems));
  return first;
}

const context: Context = {
  builder: exampleBuilder,
  client: exampleClient,
  facts: {},
  vars: { most: 5 },
};

const disk = scenario(`
title: There is room
command: df
expect: {exitCode: 0, stdout: {matches: 'free=[0-9]+'}}
capture: {free: {from: stdout, matches: 'free=([0-9]+)'}}
says: '{{facts.free}} free on {{builder.host}}'
hint:
  - when: {exitCode: 127}
    cause: df-missing
    says: 'no df: {{observation.stderr}}'
    fix:
      - {on: builder, says: 'On {{builder.host}}', run: 'apt install {{observation.stderr}}'}
      - {on: client, edit: {file: /etc/f, add: '{{builder.host}}'}}
    see: https://example.org
  - when: {error: {code: lost}}
    cause: gone
    says: the connection went
  - says: df failed
`);

t.test('a met expectation passes, says so, and keeps its facts', (t) => {
  t.match(judge(disk, { exitCode: 0, stdout: 'free=12\n' }, context), {
    outcome: 'pass',
    message: '12 free on alpha',
    captures: { free: '12' },
    mismatches: [],
  });
  t.end();
});

t.test('a missed one is explained by the first hint that matches, with what was seen', (t) => {
  const got = judge(disk, { exitCode: 127, stdout: '', stderr: ' a b\n' }, context);
  t.match(got, {
    outcome: 'fail',
    cause: 'df-missing',
    message: 'no df: a b',
    see: 'https://example.org',
    captures: {},
  });
  t.same(got.fix, [
    { on: 'builder', says: 'On alpha', run: "apt install 'a b'" },
    { on: 'client', edit: { file: '/etc/f', add: 'alpha' } },
  ]);
  t.same(
    got.mismatches.map(({ path }) => path),
    ['exitCode', 'stdout'],
  );
  t.end();
});

t.test('the hint without a condition is the fallback', (t) => {
  t.match(judge(disk, { exitCode: 1, stdout: 'free=1' }, context), {
    outcome: 'fail',
    message: 'df failed',
    cause: undefined,
  });
  t.end();
});

t.test('what could not be observed is an error, and only a hint that speaks of it explains it', (t) => {
  t.match(judge(disk, { error: { code: 'lost', message: 'broken pipe' } }, context), {
    outcome: 'error',
    cause: 'gone',
  });
  t.match(judge(disk, { error: { code: 'spawn', message: 'no such program' } }, context), {
    outcome: 'error',
    cause: undefined,
    message: 'no such program',
  });
  t.end();
});

t.test('a missed warning is a warning', (t) => {
  const soft = scenario('title: a\ncommand: x\nseverity: warning\nexpect: {exitCode: 0}\n');
  t.match(judge(soft, { exitCode: 1 }, context), { outcome: 'warn', message: 'exitCode is 1, expected 0' });
  t.end();
});

t.test('missed advice passes, carries what was found, and keeps its facts', (t) => {
  const advised = scenario(
    'title: a\ncommand: x\nseverity: advice\nexpect: {exitCode: 0}\ncapture: {n: {from: stdout, matches: "n=(.)"}}\n' +
      'hint: [{cause: c, says: "on {{builder.host}}", fix: [{on: client, run: "true"}], see: man}]\n',
  );
  t.match(judge(advised, { exitCode: 1, stdout: 'n=4' }, context), {
    outcome: 'pass',
    message: 'on alpha',
    cause: undefined,
    fix: { length: 0 },
    mismatches: { length: 0 },
    captures: { n: '4' },
    advice: { cause: 'c', message: 'on alpha', fix: [{ on: 'client', run: 'true' }], see: 'man' },
  });
  t.equal(judge(advised, { exitCode: 0, stdout: 'n=4' }, context).advice, undefined);
  t.equal(judge(advised, { error: { code: 'lost', message: 'gone' } }, context).outcome, 'error');
  t.end();
});

t.test('a fact that cannot be captured makes the check fail', (t) => {
  const bare = scenario(
    'title: a\ncommand: x\nexpect: {exitCode: 0}\ncapture: {n: {from: stdout, matches: "n=(.)"}}\n',
  );
  t.match(judge(bare, { exitCode: 0, stdout: 'nothing' }, context), { outcome: 'fail' });
  const json = scenario(
    'title: a\ncommand: x\nexpect: {exitCode: 0}\ncapture: {n: {from: stdout, pointer: /a/b}}\n',
  );
  t.same(judge(json, { exitCode: 0, stdout: '{"a":{"b":[1]}}' }, context).captures, { n: [1] });
  t.equal(judge(json, { exitCode: 0, stdout: 'no json' }, context).outcome, 'fail');
  t.end();
});

t.test('a hint whose template lacks a value does not hide the failure', (t) => {
  const poor = scenario(
    'title: a\ncommand: x\nexpect: {exitCode: 0}\nhint: [{says: "{{observation.value.gone}}"}]\n',
  );
  t.match(judge(poor, { exitCode: 3 }, context), { outcome: 'fail', message: 'exitCode is 3, expected 0' });
  const worded = scenario(
    'title: a\ncommand: x\nexpect: {exitCode: 0}\nhint: [{says: "{{client.user}} got{{#if observation.value.gone}} no{{/if}} {{observation.value.gone}}."}]\n',
  );
  t.equal(judge(worded, { exitCode: 3 }, context).message, '… got no ….');
  t.end();
});

t.test('an expectation may be a template', (t) => {
  const bound = scenario(
    'title: a\ncommand: x\nexpect: {durationMs: {below: "{{vars.most}}"}}\n'.replace('below', 'equals'),
  );
  t.equal(judge(bound, { durationMs: 5 }, context).outcome, 'pass');
  t.equal(judge(bound, { durationMs: 6 }, context).outcome, 'fail');
  t.end();
});

t.test('a scenario that does not apply says why', (t) => {
  t.same(applies({ when: { 'builder.scheme': 'ssh-ng' } }, context), { applies: true });
  t.same(
    applies(
      { when: { anyOf: [{ 'builder.host': 'beta' }, { 'builder.maxJobs': { atLeast: 1 } }] } },
      context,
    ),
    {
      applies: true,
    },
  );
  t.same(applies({ when: { 'builder.scheme': 'ssh' } }, context), {
    applies: false,
    reason: 'does not apply: builder.scheme is "ssh-ng", expected "ssh"',
    key: 'builder.scheme',
    actual: 'ssh-ng',
  });
  const words = (when: Expectation, otherwise = {}): unknown => {
    const answer = applies({ when, otherwise }, context);
    return answer.applies ? null : answer.reason;
  };
  t.equal(
    words({ 'builder.scheme': 'ssh' }, { 'builder.scheme': 'it is no ssh://' }),
    'does not apply: it is no ssh://',
  );
  t.match(words({ 'builder.scheme': 'ssh' }, { 'builder.host': 'another' }), /expected "ssh"/);
  t.match(applies({ when: { 'facts.none': true } }, context), {
    applies: false,
    key: 'facts.none',
    actual: undefined,
  });
  t.equal(applies({ when: { not: { 'builder.host': 'alpha' } } }, context).applies, false);
  t.end();
});
