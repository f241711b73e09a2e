import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import t from 'tap';
import type { ReportCheck } from '../../src/generated/types.ts';
import { rootCauseOf, summarise, verdictOf } from '../../src/report/build.ts';
import { exitCodeOf } from '../../src/report/exit-code.ts';
import { tapText } from '../../src/report/escape/tap.ts';
import { oneLine, visible } from '../../src/report/escape/visible.ts';
import { xmlText } from '../../src/report/escape/xml.ts';
import { fixText } from '../../src/report/fix-text.ts';
import { redactor } from '../../src/report/redact.ts';
import { render } from '../../src/report/render.ts';
import { wrap } from '../../src/report/table/wrap.ts';
import { builder, check, everything, failed, hostile, report } from './sample.ts';
import type { RenderOptions } from '../../src/report/render-options.ts';

const plain: RenderOptions = { color: false, verbosity: 0, width: 80 };

t.test('the verdict: healthy, degraded when some are not, unhealthy when none is', (t) => {
  const good = builder('a', [check('pass'), check('warn'), check('skip')]);
  const bad = builder('b', [check('fail')]);
  t.equal(summarise([], [good]).verdict, 'healthy');
  t.equal(summarise([], [good, bad]).verdict, 'degraded');
  t.equal(summarise([], [bad]).verdict, 'unhealthy');
  t.equal(summarise([], []).verdict, 'unhealthy');
  t.same(summarise([check('warn')], [good, bad]), {
    verdict: 'degraded',
    causes: 1,
    unmeasured: [],
    builders: { total: 2, healthy: 1, unhealthy: 1 },
    checks: { pass: 1, warn: 2, fail: 1, error: 0, blocked: 0, skip: 1 },
  });
  for (const outcome of ['fail', 'error', 'blocked'] as const)
    t.equal(verdictOf([], [check('pass'), check(outcome)]), 'unhealthy', outcome);
  t.equal(verdictOf([check('fail')], [check('pass')]), 'unhealthy');
  t.end();
});

t.test(
  'the root cause is the first failure along the path; the client comes first; a failure goes before an error',
  (t) => {
    t.equal(rootCauseOf([], [check('pass'), check('warn'), check('blocked')]), null);
    t.match(rootCauseOf([], [check('error'), check('fail', { cause: 'c' })]), {
      scenario: 'fail-check',
      cause: 'c',
    });
    t.match(rootCauseOf([check('fail', { scenario: 'client' })], [check('fail')]), { scenario: 'client' });
    t.match(rootCauseOf([], [check('error')]), { scenario: 'error-check', fix: { length: 0 } });
    t.end();
  },
);

t.test('every independent failure of a builder is told, the first is the root cause', async (t) => {
  const own = (scenario: string, cause?: string): ReportCheck =>
    check('fail', {
      scenario,
      message: `${scenario} is wrong`,
      ...(cause === undefined ? {} : { cause }),
      fix: [{ on: 'builder', run: `repair ${scenario}` }],
    });
  const sample = report([
    builder('alpha', [
      own('disk', 'disk-full'),
      check('blocked', { blockedBy: 'disk' }),
      own('my-license'),
      own('my-proxy'),
      own('store', 'disk-full'),
      check('error', { message: 'not measured' }),
    ]),
    builder('beta', [own('disk', 'disk-full')]),
  ]);
  t.same(sample.builders[0]?.causes, ['disk', 'my-license', 'my-proxy'], 'the same cause counts once');
  t.equal(sample.builders[0]?.rootCause?.scenario, 'disk');
  t.equal(sample.summary.causes, 3);
  const table = await render(sample, 'table', plain);
  t.match(table, /^UNHEALTHY: 0 of 2 builders healthy \(broken: 3 independent causes\), /);
  t.match(table, /alpha +✗·✗✗✗\? +disk-full and 2 more\n/);
  const blocks = table.split(/^✗ /m).slice(2);
  t.same(
    blocks.map((block) => /What +(.*)\n +Why +(\S+).*\n +Fix +(.*)\n +\$ (.*)/.exec(block)?.slice(1)),
    [
      ['disk is wrong', 'disk-full', 'on alpha, beta', 'repair disk'],
      ['my-license is wrong', 'found', 'on alpha', 'repair my-license'],
      ['my-proxy is wrong', 'found', 'on alpha', 'repair my-proxy'],
    ],
  );
  t.match(blocks[0], 'blocks 1 check');
  t.notMatch(blocks[1], 'blocks');
  const github = await render(sample, 'github', plain);
  t.match(github, '0 of 2 builders healthy (broken: 3 independent causes)');
  t.equal(github.match(/^::error file=\/etc\/nix\/machines/gm)?.length, 4);
  for (const format of ['markdown', 'html'])
    for (const words of [
      'broken: 3 independent causes',
      'my-license is wrong',
      'repair my-proxy',
      'disk-full and 2 more',
    ])
      t.match(await render(sample, format, plain), words, format);
  t.match(await render(sample, 'nagios', plain), 'alpha: disk-full and 2 more; beta: disk-full');
});

t.test('a test build that fails after another failure is no cause of its own', (t) => {
  const build = check('fail', { scenario: 'remote-build', stage: 'build', cause: 'remote-build-failed' });
  t.same(builder('a', [check('fail', { scenario: 'conf' }), build]).causes, ['conf']);
  t.same(builder('a', [check('pass'), build]).causes, ['remote-build']);
  t.end();
});

t.test('the verdict says how many checks could not be measured, and why', async (t) => {
  const locked = (scenario: string): ReportCheck =>
    check('skip', { scenario, unmeasured: 'the builder runs no shell command' });
  const healthy = report([builder('a', [check('pass'), locked('disk'), locked('clock'), check('skip')])]);
  t.equal(healthy.summary.verdict, 'healthy');
  t.equal(exitCodeOf(healthy), 0);
  t.same(healthy.summary.unmeasured, [
    { reason: 'the builder runs no shell command', checks: 2, names: ['a'] },
  ]);
  const words = '2 checks could not be measured: the builder runs no shell command (a)';
  t.match(await render(healthy, 'table', { ...plain, width: 300 }), `Nix 2.34.8; ${words}\n`);
  for (const format of ['markdown', 'html', 'github'])
    t.match(await render(healthy, format, plain), words, format);

  const lost = check('error', { scenario: 'shell', message: 'the connection was lost.' });
  const after = check('blocked', { scenario: 'disk', blockedBy: 'shell' });
  const failure = check('fail', { scenario: 'kvm' });
  const behind = check('blocked', { scenario: 'vm', blockedBy: 'kvm' });
  const mixed = report([builder('a', [locked('disk')]), builder('b', [lost, after, failure, behind])]);
  t.same(
    mixed.summary.unmeasured?.map(({ checks }) => checks),
    [2, 1],
    'what a failure blocks is not meant',
  );
  t.match(
    await render(mixed, 'table', { ...plain, width: 300 }),
    '3 checks could not be measured: 2: the connection was lost (b); 1: the builder runs no shell command (a)',
  );
});

t.test('of what could not be measured the first is told where nothing failed', (t) => {
  const lost = (scenario: string): ReportCheck => check('error', { scenario });
  t.same(builder('a', [lost('clock'), lost('disk')]).causes, ['clock']);
  t.same(builder('a', [check('pass')]).causes, []);
  t.same(builder('a', [check('pass')], [check('fail', { scenario: 'client-check' })]).causes, [
    'client-check',
  ]);
  t.end();
});

t.test('ten builders with one cause are told of once, with the ten names', async (t) => {
  const names = Array.from({ length: 10 }, (_, index) => `host${index}`);
  const down = (name: string, outcome: 'fail' | 'warn'): ReturnType<typeof builder> =>
    builder(name, [
      check(outcome, {
        scenario: 'tcp',
        cause: 'connection-refused',
        message: `${name} refuses connections to port 22`,
        fix: [
          { on: 'builder', run: 'systemctl start ssh' },
          { on: 'client', run: `ssh-keygen -R ${name}` },
        ],
      }),
    ]);
  for (const outcome of ['fail', 'warn'] as const) {
    const text = await render(report(names.map((name) => down(name, outcome))), 'table', {
      ...plain,
      width: 200,
    });
    const times = (what: string | RegExp): number => text.split(what).length - 1;
    t.equal(times(names.join(', ')), 2, 'all names: once above, once where the fix is typed');
    t.equal(times('refuses connections'), 1);
    t.equal(times(/Why +connection-refused/), 1);
    t.equal(times('$ systemctl start ssh'), 1);
    t.equal(times('$ ssh-keygen -R'), 3, 'what differs is written out for some');
    t.match(text, '… and so on; their own words with -i: host3, host4');
  }
  const mixed = await render(
    report([down('a', 'fail'), builder('b', [check('fail', { cause: 'other' })])]),
    'table',
    plain,
  );
  t.match(mixed, /✗ a\n/);
  t.match(mixed, /✗ b\n/);
});

t.test('exit codes: 0 healthy, 1 failed, 3 not measured', (t) => {
  const code = (...outcomes: Parameters<typeof check>[0][]): number =>
    exitCodeOf(
      report([
        builder(
          'a',
          outcomes.map((outcome) => check(outcome)),
        ),
      ]),
    );
  t.equal(code('pass', 'warn', 'skip'), 0);
  t.equal(code('fail', 'blocked', 'error'), 1);
  t.equal(code('error', 'blocked'), 3);
  t.equal(exitCodeOf({ ...report([builder('a', [check('pass')])]), interrupted: true }), 3);
  t.end();
});

t.test(
  'the table says the verdict first, then where, then for each broken builder what, why and how',
  async (t) => {
    const lines = (
      await render(
        report([
          builder('alpha', [
            check('pass', { scenario: 'connection' }),
            check('pass', { scenario: 'local-to-remote-build', message: 'built on alpha' }),
          ]),
          builder('beta', [
            failed('the key is open'),
            check('blocked', { scenario: 'local-to-remote-build', blockedBy: 'connection' }),
          ]),
        ]),
        'table',
        plain,
      )
    ).split('\n');
    t.equal(
      lines.splice(0, 2).join(' '),
      'DEGRADED: 1 of 2 builders healthy (broken: 1 cause), seen from client as root, Nix 2.34.8',
    );
    t.same(lines.slice(0, 6), [
      '',
      '       ssh',
      'alpha  ✓✓   built on alpha',
      'beta   ✗·   key-too-open',
      '',
      '✓ pass   ✗ fail   · blocked',
    ]);
    t.equal(lines[6], 'ssh  connection local-to-remote-build', 'what the marks stand for');
    t.same(lines.slice(8, 12), [
      '✗ beta',
      '  What  the key is open',
      '  Why   key-too-open (found by connection; more: explain key-too-open)',
      '  Fix   1. on this machine: the key is open',
    ]);
    t.ok(lines.includes('          $ chmod 600 the key is open'));
    t.ok(lines.includes('        2. on beta'));
    t.ok(lines.includes('          + the key is open'));
    t.ok(lines.includes('        blocks 1 check'));
    t.equal(lines.at(-2), '2 pass, 1 fail, 1 blocked in 1.2 s'.replace('2 pass', '2 pass'));
  },
);

t.test('the same trouble of several builders is told once, and the client comes first', async (t) => {
  const bad = check('fail', {
    scenario: 'machines-file',
    message: 'line 3 is broken',
    cause: 'machines-file-bad-entry',
  });
  const text = await render(
    report(
      ['a', 'b', 'c'].map((name) => builder(name, [failed('same')], [bad])),
      [bad],
    ),
    'table',
    plain,
  );
  t.equal(text.split('line 3 is broken').length, 2);
  t.ok(text.indexOf('this machine (client)') < text.indexOf('✗ a, b, c'));
  t.equal(text.split('What  same').length, 2);
});

t.test('colour only where it is wanted, and the same text without', async (t) => {
  const colored = await render(everything(), 'table', { ...plain, color: true });
  t.match(colored, '\x1b[');
  t.equal(stripVTControlCharacters(colored), await render(everything(), 'table', plain));
});

t.test('no line of prose is wider than the terminal, and none ends in a blank', async (t) => {
  const text = await render(
    everything('many short words that go on and on '.repeat(10).trim()),
    'table',
    plain,
  );
  for (const line of text.split('\n')) {
    t.equal(line, line.trimEnd());
    if (!/^ {10}/.test(line)) t.ok(stringWidth(line) <= 80, line);
  }
});

t.test('-v shows every check, -vv what failed ones saw, -vvv what each saw', async (t) => {
  const observation = { target: 'builder', command: 'uptime', exitCode: 0, stdout: 'up 3 days' } as const;
  const sample = report([builder('alpha', [check('pass', { observation }), failed('seen')])]);
  const of = (verbosity: RenderOptions['verbosity']): Promise<string> | string =>
    render(sample, 'table', { ...plain, verbosity });
  const ofPassed = /✓ pass-check {2}it is pass {2}12 ms\n {6}\$ uptime\n {6}out: up 3 days/;
  const ofFailed =
    /✗ connection {2}seen {2}12 ms\n {6}seen: seen\n {6}\$ ssh seen\n {6}out: seen\n {6}err: seen/;
  t.notMatch(await of(0), 'pass-check  it is');
  t.match(await of(1), /✓ pass-check {2}it is pass {2}12 ms/);
  t.notMatch(await of(1), '$ ssh seen');
  t.match(await of(2), ofFailed);
  t.notMatch(await of(2), ofPassed);
  t.match(await of(3), ofFailed);
  t.match(await of(3), ofPassed);
});

t.test('-q shows only what failed, and nothing where nothing did', async (t) => {
  const quiet: RenderOptions = { ...plain, verbosity: -1 };
  t.equal(await render(report([builder('alpha', [check('pass'), check('warn')])]), 'table', quiet), '');
  const text = await render(everything(), 'table', quiet);
  t.match(text, /^DEGRADED: .*\n(.*\n)?\n✗ /);
  t.notMatch(text, /^! |Advice|✓| ms$/m);
  t.equal(
    (await render(everything(), 'tap', quiet)).length,
    (await render(everything(), 'tap', plain)).length,
  );
});

t.test('an interrupted report says so', async (t) => {
  t.match(
    await render({ ...everything(), interrupted: true }, 'table', plain),
    /interrupted: not all was\s+tested/,
  );
});

t.test('escapes', (t) => {
  t.equal(visible('\x1b[31mred\x1b[0m\0\x07\x7f\ud800'), 'red␀␇␡\ufffd');
  t.equal(oneLine(' a\n\tb\r\nc '), 'a b c');
  t.equal(tapText('a # SKIP \\ b\nok 1'), 'a \\# SKIP \\\\ b ok 1');
  t.equal(xmlText('<a b="c">&\n\t\'\x1b'), '&lt;a b=&quot;c&quot;&gt;&amp;&#10;&#9;&apos;␛');
  for (const text of hostile) t.equal(visible(visible(text)), visible(text));
  t.end();
});

t.test('text is wrapped at blanks, and what has none stays whole', (t) => {
  t.same(wrap('aa bb cc', 5), ['aa bb', 'cc']);
  t.same(wrap('aaaaaaaa b', 5), ['aaaaaaaa', 'b']);
  t.same(wrap('a\n\nb', 5), ['a', '', 'b']);
  t.end();
});

t.test('a step of a fix fits on a line', (t) => {
  t.equal(fixText({ on: 'client', run: 'ls' }), 'on the client: $ ls');
  t.equal(
    fixText({ on: 'builder', says: 'Look', edit: { file: '/f', add: 'x' } }),
    'on the builder: Look: add to /f: x',
  );
  t.end();
});

t.test('secrets are removed from every field, by shape and by value', (t) => {
  const privateKey =
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----';
  const secrets = [
    privateKey,
    'ssh://user:hunter2@host/x',
    'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    'Authorization: Bearer abcdefghijklmnop1234',
    'access-tokens = github.com=gho_zzzzzzzzzzzzzzzzzzzzzzzz',
    'my own secret',
  ];
  for (const secret of secrets) {
    const text = JSON.stringify(redactor(['my own secret'])(everything(`before ${secret} after`)));
    for (const part of [
      'b3BlbnNzaC1rZXk',
      'hunter2',
      'ghp_abc',
      'abcdefghijklmnop1234',
      'gho_zzz',
      'my own secret',
    ])
      t.notMatch(text, part, `${part} in ${secret}`);
    t.match(text, 'before ');
  }
  t.same(redactor()(everything()), everything());
  t.end();
});

t.test('a large fleet: the healthy are counted, the broken are shown', async (t) => {
  const many = Array.from({ length: 60 }, (_, index) =>
    builder(`builder-${index}`, [index === 7 ? failed('x') : check('pass')]),
  );
  const text = await render(report(many), 'table', plain);
  t.match(text, /^builder-7 /m);
  t.notMatch(text, /^builder-8 /m);
  t.match(text, /^and 59 healthy$/m);
});
