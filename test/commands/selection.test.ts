import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { cli, cliIn } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'nrbd-selection-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

t.test('an error in the machines file fails every run, whatever is selected', (t) => {
  const builders = 'ssh://a x86_64-linux - 1\nssh://b x86_64-linux - notanumber';
  for (const selection of [
    ['-t', 'slots'],
    ['-t', 'connection', '--timeout', '1s'],
    ['-t', 'dns'],
    ['-t', 'remote-build', '--timeout', '1s'],
    ['--skip', 'machines-file', '-t', 'slots'],
    ['--stage', 'fleet'],
    ['--stage', 'network'],
    ['--read-only', '-t', 'slots'],
    ['-i', 'a', '-t', 'slots'],
    ['-i', 'b', '-t', 'slots'],
    ['-i', '*', '-t', 'slots'],
    ['-e', 'gone', '-t', 'slots'],
    ['-e', 'a', '-t', 'slots'],
    ['--shard', '1/1', '-t', 'slots'],
  ]) {
    const { code, out } = cli('check', '--builders', builders, ...selection, '-f', 'tap');
    t.equal(code, 1, selection.join(' '));
    t.match(out, /^ +not ok \d+ - machines-file/m, selection.join(' '));
  }
  const recording = join(folder, 'bad-file');
  const record = cli('check', '--builders', builders, '-t', 'slots', '--record', recording, '-f', 'tap');
  t.equal(record.code, 1);
  const again = cli('check', '--replay', recording, '-i', 'a', '-t', 'slots', '-f', 'tap');
  t.match(again, { code: 1, out: /^ +not ok \d+ - machines-file/m }, '--replay');
  const own = file(
    'own.yaml',
    "title: own\ntarget: client\nper: client\ncommand: 'true'\nexpect: {exitCode: 0}\n",
  );
  t.match(
    cli('check', '--builders', builders, '--no-default-specs', '-s', own),
    { code: 2, out: '', err: /machines file.*"notanumber"/s },
    'a suite that does not look at the file',
  );
  t.end();
});

t.test('--include and --exclude take names, parts of names and patterns', (t) => {
  const builders = 'ssh://mac\nssh://mac-2.example\nssh://arm-1.example';
  const chosen = (...args: string[]): string[] => {
    const { out, err } = cli('check', '--builders', builders, '-t', 'slots', '-f', 'json', ...args);
    t.notMatch(err, /no builder/);
    return (JSON.parse(out) as { builders: { host: string }[] }).builders.map(({ host }) => host);
  };
  t.same(chosen('-i', 'mac'), ['mac'], 'a whole name goes first');
  t.same(chosen('-i', 'example'), ['mac-2.example', 'arm-1.example']);
  t.same(chosen('-i', '*-?.example', '-e', 'arm'), ['mac-2.example']);
  t.same(chosen('-e', 'ssh://mac'), ['mac-2.example', 'arm-1.example']);
  const check = (...args: string[]): ReturnType<typeof cli> =>
    cli('check', '--builders', builders, '-t', 'slots', '-f', 'tap', ...args);
  for (const include of ['gone', 'gone*', 'm?c-3', ''])
    t.match(check('-i', 'mac', '-i', include), {
      code: 2,
      out: '',
      err: /no builder is called ".*"; there are: mac,/,
    });
  t.match(check('-e', 'gone'), { code: 0, err: /--exclude gone: no builder is called that/ });
  t.match(
    check('-e', ''),
    { code: 0, err: /--exclude : no builder/ },
    'an empty variable leaves out nothing',
  );
  t.match(check('-e', 'example'), {
    code: 0,
    err: /--exclude example: a part of a name; it leaves out mac-2/,
  });
  t.match(check('-e', '*'), { code: 2, err: /nothing to check/ });
  t.end();
});

t.test('--tag and --skip-tag select scenarios by their tags', (t) => {
  const scenario = (id: string, more: string): string =>
    `id: ${id}\ntitle: ${id}\ntarget: client\ncommand: 'true'\nexpect: {exitCode: 0}\n${more}`;
  const own = file(
    'tags.yaml',
    [
      scenario('first', ''),
      scenario('second', 'needs: [first]\ntags: [disk, slow]\n'),
      scenario('third', 'tags: [slow]\n'),
    ].join('---\n'),
  );
  const check = (...args: string[]): ReturnType<typeof cli> =>
    cli('check', '--builders', 'ssh://h', '--no-default-specs', '-s', own, '-f', 'json', ...args);
  const made = (...args: string[]): { scenario: string; tags?: string[] }[] =>
    (
      JSON.parse(check(...args).out) as { builders: { checks: { scenario: string; tags?: string[] }[] }[] }
    ).builders.flatMap(({ checks }) => checks);
  const ids = (...args: string[]): string[] => made(...args).map(({ scenario: id }) => id);
  t.same(ids('--tag', 'disk'), ['first', 'second'], 'with what it needs');
  t.same(ids('--tag', 'disk', '--tag', 'slow'), ['first', 'second', 'third'], 'any of the tags');
  t.same(ids('--skip-tag', 'disk'), ['first', 'third']);
  t.same(
    made().map(({ tags }) => tags),
    [undefined, ['disk', 'slow'], ['slow']],
    'the report has the tags',
  );
  t.match(check('--tag', 'disc'), { code: 2, out: '', err: /has the tag "disc"; did you mean disk\?/ });
  t.match(check('--skip-tag', 'network'), { code: 2, err: /has the tag "network"; there are: disk, slow/ });
  t.match(check('-t', 'third', '--skip-tag', 'slow'), { code: 2, out: '', err: /nothing to check/ });
  t.end();
});

t.test('the environment stands for options that are not given', (t) => {
  const machines = file('from-environment', 'ssh://mac\nssh://arm-1\nssh://arm-2\n');
  const chosen = (env: Record<string, string>, ...args: string[]): string[] => {
    const { out, err } = cliIn(env, 'check', '-t', 'slots', '-f', 'json', ...args);
    if (out === '') return [err];
    return (JSON.parse(out) as { builders: { host: string }[] }).builders.map(({ host }) => host);
  };
  const env = { MACHINES_FILE: machines };
  t.same(chosen(env), ['mac', 'arm-1', 'arm-2']);
  t.same(chosen({ ...env, INCLUDE: 'arm' }), ['arm-1', 'arm-2'], 'a part of the name');
  t.same(chosen({ ...env, INCLUDE: 'mac, arm-2' }), ['mac', 'arm-2'], 'several');
  t.same(chosen({ ...env, INCLUDE: 'arm', EXCLUDE: 'arm-2' }), ['arm-1']);
  t.same(chosen({ ...env, INCLUDE: 'arm' }, '-i', 'mac'), ['mac'], 'an option goes first');
  t.same(chosen(env, '--builders', 'ssh://x'), ['x']);
  t.same(chosen({ ...env, INCLUDE: '', EXCLUDE: '' }), ['mac', 'arm-1', 'arm-2'], 'empty is absent');
  t.match(chosen({ ...env, INCLUDE: 'gone' })[0], /no builder is called "gone"/);
  t.match(chosen({ MACHINES_FILE: '/no/such' })[0], /cannot read the machines file/);
  t.match(cliIn(env, 'machines').out, 'ssh://arm-2');
  t.match(JSON.parse(cliIn(env, 'route', '-f', 'json').out), { candidates: [{}, {}, {}] });
  t.end();
});

t.test('-q says nothing where all is well, and what failed where it is not', (t) => {
  t.match(cli('check', '--builders', 'h', '-t', 'slots', '-q', '-e', 'gone'), { code: 0, out: '', err: '' });
  const bad = cli('check', '--builders', 'h.invalid', '-t', 'dns', '-q');
  t.match(bad, { code: 1, out: /^UNHEALTHY: .*\n(.*\n)?\n✗ h\.invalid\n {2}What /, err: '' });
  t.match(cli('check', '-q', '-v', '--builders', 'h'), { code: 2, err: /cannot be used with/ });
  t.end();
});

t.test('a scenario with `each` is one check for each value, selected together or one by one', (t) => {
  const folder = t.testdir({
    'has.yaml': `title: This machine has {{each.tool}}
target: client
per: client
each: {tool: vars.tools}
command: [sh, -c, 'command -v "$1"', sh, "{{each.tool}}"]
expect: {exitCode: 0}
hint:
  - says: "{{each.tool}} is missing"
`,
    'waive.yaml': '- {scenario: "has[no-such-tool]", reason: known}\n',
  });
  const check = (...args: string[]): ReturnType<typeof cli> =>
    cli(
      'check',
      '--builders',
      'ssh://a',
      '--no-default-specs',
      '-s',
      `${folder}/has.yaml`,
      '-f',
      'tap',
      ...args,
    );
  const both = ['--var', 'tools=sh,no-such-tool'];
  const all = check(...both);
  t.match(all, { code: 1, out: /^ *ok \d+ - has\[sh\].*This machine has sh/m });
  t.match(all.out, /^ *not ok \d+ - has\[no-such-tool\].*This machine has no-such-tool/m);
  t.match(all.out, /no-such-tool is missing/);
  const one = check(...both, '-t', 'has[sh]');
  t.equal(one.code, 0);
  t.notMatch(one.out, /no-such-tool/);
  t.match(check(...both, '-t', 'has'), { code: 1 });
  t.match(check(...both, '--skip', 'has[no-such-tool]'), { code: 0 });
  t.match(check(...both, '--waive', `${folder}/waive.yaml`), { code: 0, out: /known/ });
  t.match(check(), { code: 2, out: '', err: /"each" needs the variable "tools"; give it with --var tools=/ });
  const secret = cliIn(
    { TOOLS: 'hidden-word' },
    ...['check', '--builders', 'ssh://a', '--no-default-specs', '-s', `${folder}/has.yaml`],
    ...['--secret', 'tools=TOOLS'],
  );
  t.match(secret, { code: 2, out: '', err: /"each" needs the variable "tools"/ });
  t.notMatch(secret.err, /hidden-word/, 'a secret becomes no name of a check');
  t.match(check(...both, '-t', 'has[bash]'), { code: 2, err: /no scenario is called "has\[bash\]"/ });
  t.end();
});
