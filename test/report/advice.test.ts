import t from 'tap';
import type { FixStep } from '../../src/generated/types.ts';
import { exitCodeOf } from '../../src/report/exit-code.ts';
import { render } from '../../src/report/render.ts';
import { advised, builder, check, report } from './sample.ts';
import type { RenderOptions } from '../../src/report/render-options.ts';

const plain: RenderOptions = { color: false, verbosity: 0, width: 100 };
const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
const advisedFleet = report(names.map((name) => builder(name, [check('pass'), advised(name)])));

t.test('advice changes neither verdict nor exit code nor the counts of what failed', (t) => {
  t.equal(advisedFleet.summary.verdict, 'healthy');
  t.equal(exitCodeOf(advisedFleet), 0);
  t.equal(advisedFleet.summary.checks.warn, 0);
  t.end();
});

t.test('the table says it in one line, for all builders concerned', async (t) => {
  const text = await render(advisedFleet, 'table', plain);
  t.same(text.match(/^.*no time limit.*$/gm), [
    'Advice: ssh has no time limit (alpha, beta, gamma and 2 more); -v shows the fix.',
  ]);
  t.notMatch(text, 'ConnectTimeout');
  t.notMatch(text, /What|Why|Fix/);
});

t.test('-v says it in full, with one step for all hosts', async (t) => {
  const text = await render(advisedFleet, 'table', { ...plain, verbosity: 1 });
  t.match(
    text,
    [
      'Advice for alpha, beta, gamma, delta, epsilon',
      '  What  ssh has no time limit.',
      '  Why   no-time-limit (found by ssh-timeouts; more: explain no-time-limit)',
      '  Fix   on this machine',
      '          add at the top of /etc/ssh/ssh_config:',
      '          + Host alpha beta gamma delta epsilon',
      '          +   ConnectTimeout 10',
      '          + Host *',
    ].join('\n'),
  );
  t.equal(text.split('+ Host alpha').length, 2);
});

t.test('every other format tells it without a failure', async (t) => {
  const markdown = await render(advisedFleet, 'markdown', plain);
  t.match(markdown, /^Advice: ssh has no time limit \(alpha, beta, gamma and 2 more\)$/m);
  const github = await render(advisedFleet, 'github', plain);
  t.same(
    github
      .split('\n')
      .filter((line) => /time limit/.test(line))
      .map((line) => /^::(\w+)/.exec(line)?.[1]),
    ['notice'],
  );
  t.notMatch(github, /^::(error|warning)/m);
  t.match(
    await render(advisedFleet, 'junit', plain),
    '<property name="advice" value="ssh-timeouts: ssh has no time limit."/>',
  );
  for (const format of ['tap', 'tap13']) t.notMatch(await render(advisedFleet, format, plain), 'not ok');
  t.match(await render(advisedFleet, 'nagios', plain), /^NIX_REMOTE_BUILDERS OK|OK/);
  t.match(JSON.parse(await render(advisedFleet, 'json', plain)), {
    builders: [{ checks: [{}, { outcome: 'pass', advice: { cause: 'no-time-limit' } }] }],
  });
});

/** The lines that start with a mark of something to type. */
async function typed(steps: Record<string, FixStep>, format = 'table'): Promise<string[]> {
  const text = await render(
    report(
      Object.entries(steps).map(([name, step]) =>
        builder(name, [check('fail', { cause: 'c', message: 'm', fix: [step] })]),
      ),
    ),
    format,
    plain,
  );
  return text
    .split('\n')
    .filter((line) => /^ +[+$] |on this machine|^ +Fix/.test(line))
    .map((line) => line.trim());
}

t.test('steps of failures that differ by the host alone are one step', async (t) => {
  const module = (host: string): FixStep => ({
    on: 'client',
    module: `programs.ssh.extraConfig = ''\n  Host ${host}\n    ConnectTimeout 10\n'';`,
    apply: 'nixos-rebuild switch',
    for: ['nixos'],
    change: { ssh: { host, option: 'ConnectTimeout', value: '10' } },
  });
  t.same(await typed({ a: module('a'), b: module('b') }), [
    'Fix   on this machine',
    "+ programs.ssh.extraConfig = ''",
    '+   Host a b',
    '+     ConnectTimeout 10',
    "+ '';",
    '$ nixos-rebuild switch',
  ]);
  const other = { ...module('c'), module: module('c').module?.replace('10', '20') ?? '' };
  const lines = await typed({ a: module('a'), b: module('b'), c: other });
  t.same(
    lines.filter((line) => line.includes('this machine')),
    ['Fix   on this machine, for a, b', 'on this machine, for c'],
    'another value is another step',
  );
});

t.test('lines for one file are one step; commands that differ stay apart and say for whom', async (t) => {
  const line = (add: string): FixStep => ({ on: 'client', edit: { file: '/etc/hosts', add } });
  t.same(await typed({ a: line('1 a'), b: line('2 b'), c: line('1 a') }), [
    'Fix   on this machine',
    '+ 1 a',
    '+ 2 b',
  ]);
  t.same(await typed({ a: { on: 'client', run: 'x a' }, b: { on: 'client', run: 'x b' } }), [
    'Fix   on this machine, for a',
    '$ x a',
    'on this machine, for b',
    '$ x b',
  ]);
});
