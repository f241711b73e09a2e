import { readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { cli } from './cli.ts';
import type { Report } from '../../src/generated/types.ts';

function outcomes({ clientChecks, builders }: Report): unknown {
  const short = ({ scenario, outcome, cause, message }: Report['clientChecks'][number]): unknown => ({
    scenario,
    outcome,
    cause,
    message,
  });
  return {
    client: clientChecks.map(short),
    builders: builders.map(({ name, checks }) => [name, checks.map(short)]),
  };
}

const scenario = (more = ''): string => `id: count
title: It counts
target: client
command: echo {{check.nonce}} >> "$FOLDER"; echo 41 secret-{{check.nonce}} ghp_abcdefghijklmnopqrstuvwxyz0123
expect: {exitCode: 0, stdout: {matches: '^42 secret-{{check.nonce}} '}}
hint:
  - {cause: miscounted, says: 'it counted to {{observation.stdout}}'}
${more}`;

t.test('a recording is judged again, without asking anybody', (t) => {
  const folder = t.testdir({ asked: '' });
  const text = scenario().replace('"$FOLDER"', `${folder}/asked`);
  writeFileSync(`${folder}/count.yaml`, text);
  const common = ['check', '--no-default-specs', '-s', `${folder}/count.yaml`, '-f', 'json'];
  const live = cli(...common, '--builders', 'ssh://alpha ; ssh://beta', '--record', `${folder}/kept`);
  t.equal(live.code, 1, live.err);
  const asked = readFileSync(`${folder}/asked`, 'utf8');
  t.equal(asked.trim().split('\n').length, 2);

  t.equal(statSync(`${folder}/kept`).mode & 0o777, 0o700);
  t.equal(statSync(`${folder}/kept/recording.json`).mode & 0o777, 0o600);
  const kept = readFileSync(`${folder}/kept/recording.json`, 'utf8');
  t.notMatch(kept, /ghp_abc/, 'no secret is kept');
  t.notMatch(kept, asked.trim().split('\n')[0] ?? '-', 'and no nonce');

  const again = cli(...common, '--replay', `${folder}/kept`);
  t.equal(again.code, 1, again.err);
  const clean = (out: string): string => out.replace(/[0-9a-f]{16}/g, 'NONCE');
  t.same(outcomes(JSON.parse(clean(again.out)) as Report), outcomes(JSON.parse(clean(live.out)) as Report));
  t.equal(readFileSync(`${folder}/asked`, 'utf8'), asked, 'nothing was run');

  writeFileSync(`${folder}/count.yaml`, text.replace('^42', '^41'));
  t.equal(cli(...common, '--replay', `${folder}/kept`).code, 0, 'with another expectation it passes');
  writeFileSync(`${folder}/count.yaml`, text.replace('echo 41', 'echo 40'));
  const other = cli(...common, '--replay', `${folder}/kept`);
  t.equal(other.code, 3);
  t.match(other.out, /the recording does not have this observation/);
  t.equal(cli(...common, '--replay', `${folder}/kept`, '-i', 'alpha').out.includes('beta'), false);
  t.end();
});

t.test('a replay judges dates by the time of the recording', (t) => {
  const folder = t.testdir({
    'clock.yaml':
      'title: The clock is right\ntarget: client\ncommand: date -u +%FT%TZ\nexpect: {exitCode: 0, stdout: {date: {within: 1h}}}\n',
  });
  const common = ['check', '--no-default-specs', '-s', `${folder}/clock.yaml`, '-f', 'json'];
  const live = cli(...common, '--builders', 'ssh://alpha', '--record', `${folder}/kept`);
  t.equal(live.code, 0, live.out + live.err);
  const file = `${folder}/kept/recording.json`;
  const old = readFileSync(file, 'utf8').replace(/\b20\d\d-(?=\d\d-\d\dT)/g, '2001-');
  writeFileSync(file, old);
  const again = cli(...common, '--replay', `${folder}/kept`);
  t.equal(again.code, 0, again.out + again.err);
  t.match(again.out, /2001-/);
  t.end();
});

t.test('what cannot be replayed is exit code 2', (t) => {
  const folder = t.testdir({ 'recording.json': '{"recordingVersion": 9}' });
  t.match(cli('check', '--replay', '/no/such'), { code: 2, err: /cannot read the recording/ });
  t.match(cli('check', '--replay', folder), { code: 2, err: /version 9/ });
  t.match(cli('check', '--replay', folder, '--builders', 'a'), { code: 2, err: /brings its own builders/ });
  t.end();
});

t.test('a waived check is told of and breaks nothing, until its day is over', (t) => {
  const suite = `---\nid: red\ntitle: Red\ntarget: client\ncommand: exit 1\nexpect: {exitCode: 0}\n---\nid: after\ntitle: After\ntarget: client\nneeds: [red]\ncommand: exit 1\nexpect: {exitCode: 0}\n`;
  const folder = t.testdir({
    'suite.yaml': suite,
    'now.yaml': '- {scenario: red, builder: alpha, reason: the disk comes on Monday, until: "9999-12-31"}\n',
    'over.yaml': '- {scenario: red, builder: alpha, reason: the disk comes on Monday, until: "2020-01-01"}\n',
    'for-all.yaml': '- {scenario: red, reason: known}\n',
    'other.yaml': '- {scenario: red, builder: beta, reason: known}\n',
    'unknown.yaml': '- {scenario: rad, reason: known}\n',
    'reasonless.yaml': '- {scenario: red}\n',
    'no-day.yaml': '- {scenario: red, reason: known, until: "2026-02-99"}\n',
  });
  const check = (waivers: string, format = 'json'): ReturnType<typeof cli> =>
    cli(
      ...['check', '--no-default-specs', '-s', `${folder}/suite.yaml`, '--builders', 'ssh://alpha'],
      ...['-f', format, '--waive', `${folder}/${waivers}`],
    );
  const now = check('now.yaml');
  t.equal(now.code, 0, now.err);
  t.match((JSON.parse(now.out) as Report).builders[0], {
    verdict: 'healthy',
    rootCause: null,
    checks: [
      {
        scenario: 'red',
        outcome: 'skip',
        waived: { reason: 'the disk comes on Monday', until: '9999-12-31' },
        message: /^waived until 9999-12-31: the disk comes on Monday \(fail: /,
      },
      { scenario: 'after', outcome: 'skip', message: 'needs red, which is waived' },
    ],
  });
  t.match(check('now.yaml', 'table').out, /alpha +red +waived until 9999-12-31: the disk comes on Monday/);
  t.match(check('now.yaml', 'tap').out, /# SKIP .*waived until/);
  t.equal(check('for-all.yaml').code, 0);
  t.equal(check('over.yaml').code, 1, 'it fails again when the day is over');
  t.equal(check('other.yaml').code, 1);
  t.match(check('unknown.yaml'), { code: 2, err: /unknown\.yaml:1:\d+: there is no scenario called "rad"/ });
  t.match(check('reasonless.yaml'), { code: 2, err: /lacks "reason"/ });
  t.match(check('no-day.yaml'), { code: 2, err: /2026-02-99 is no day/ });
  t.match(check('none.yaml'), { code: 2, err: /cannot read the waivers/ });
  t.end();
});

t.test('a reporter of one’s own is a template over the report', (t) => {
  const folder = t.testdir({
    'short.hbs':
      '{{#each builders}}{{name}}: {{verdict}}{{#if rootCause}} ({{rootCause.scenario}}){{/if}}\n{{/each}}',
    'bad.hbs': '{{{builders}}}',
    'suite.yaml': 'title: Red\ntarget: client\ncommand: exit 1\nexpect: {exitCode: 0}\n',
  });
  const common = ['check', '--no-default-specs', '-s', `${folder}/suite.yaml`, '--builders', 'ssh://alpha'];
  t.match(cli(...common, '-f', `${folder}/short.hbs`), { code: 1, out: 'alpha: unhealthy (suite)\n' });
  t.match(cli(...common, '-f', `${folder}/none.hbs`), { code: 2, err: /cannot read the template/ });
  t.match(cli(...common, '-f', `${folder}/bad.hbs`), { code: 2, err: /not allowed/ });
  t.end();
});
