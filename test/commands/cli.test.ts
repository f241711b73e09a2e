import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { cli } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'nrbd-cli-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

t.test('help and version go to standard output', (t) => {
  t.match(cli('--version'), { code: 0, out: /^\d+\.\d+\.\d+\n$/, err: '' });
  const help = cli('--help');
  t.equal(help.code, 0);
  for (const word of ['check', 'list', 'explain', 'lint', 'schema', 'machines', 'render', 'Exit codes'])
    t.match(help.out, word);
  t.end();
});

t.test('wrong usage is exit code 2, and the nearest word is offered', (t) => {
  t.match(cli('check', '--machine-file', 'x'), {
    code: 2,
    err: /unknown option '--machine-file'; did you mean --machines-file\?/,
  });
  t.match(cli('check', '-f', 'junti'), { code: 2, err: /there is no format "junti"; did you mean junit\?/ });
  t.match(cli('check', '-f', 'pdf'), {
    code: 2,
    err: /there is no format "pdf"; there are: table, .*PATH\.hbs/,
  });
  for (const command of ['list', 'machines', 'route'])
    t.match(
      cli(command, '-f', 'jsno'),
      { code: 2, out: '', err: /there is no format "jsno"; did you mean json\?/ },
      command,
    );
  t.match(cli('check', '-f', 'tap', '-f', 'json'), { code: 2, err: /only one format/ });
  t.match(cli('check', '-j', '0'), { code: 2, err: /--jobs/ });
  t.match(cli('check', '--timeout', '5'), { code: 2, err: /--timeout/ });
  t.match(cli('check', '--var', 'x'), { code: 2, err: /KEY=VALUE/ });
  t.match(cli('check', '-t', 'conection', '--builders', 'h'), {
    code: 2,
    err: /no scenario is called "conection"; did you mean connection\?/,
  });
  t.match(cli('check', '-i', 'other', '--builders', 'h'), {
    code: 2,
    err: /no builder is called "other"; there are: h/,
  });
  t.match(cli('check', '-m', '/none', '--builders', 'h'), { code: 2, err: /not both/ });
  t.match(cli('schema', 'other'), { code: 2 });
  t.match(cli('explain', 'no-such'), { code: 2, err: /the command list shows the scenarios/ });
  t.match(cli('explain', 'key-to-open'), { code: 2, err: /; did you mean key-too-open\?/ });
  t.match(cli('check', '--stage', 'netwrok'), { code: 2, err: /"netwrok"; did you mean network\?/ });
  const waivers = file('waivers.yaml', '- {scenario: conection, reason: a}\n');
  t.match(cli('check', '--waive', waivers, '--builders', 'h'), {
    code: 2,
    err: /"conection"; did you mean connection\?/,
  });
  t.end();
});

t.test('a first word that is no command and no option is an unknown command', (t) => {
  t.match(cli('chekc'), {
    code: 2,
    out: '',
    err: /^error: unknown command 'chekc'; did you mean check\?\nRun with --help for usage\.\n$/,
  });
  t.match(cli('lsit', '-f', 'json'), { code: 2, err: /unknown command 'lsit'; did you mean list\?/ });
  t.match(cli('hlep'), { code: 2, err: /did you mean help\?/ });
  t.match(cli('alpha.example'), { code: 2, err: /unknown command 'alpha.example'; there are: check, / });
  t.match(cli('', '-t', 'slots'), { code: 2, err: /unknown command ''/ });
  t.match(cli('check', 'alpha'), { code: 2, err: /too many arguments for 'check'/ }, 'not the first word');
  t.match(
    cli('-t', 'slots', '--builders', 'h'),
    { code: 0, err: '' },
    'an option starts the default command',
  );
  t.end();
});

t.test('nothing to check is never healthy', (t) => {
  t.match(cli('check', '-m', '/no/such/file'), { code: 2, out: '', err: /cannot read the machines file/ });
  t.match(cli('check', '-m', file('empty', '# nobody\n')), { code: 2, out: '', err: /nothing to check/ });
  t.match(cli('check', '--builders', '@/no/such/file'), {
    code: 2,
    err: /there is no file \/no\/such\/file/,
  });
  t.match(cli('check', '--builders', ''), { code: 2, err: /`builders` setting is empty/ });
  t.match(cli('check', '--no-default-specs', '--builders', 'h'), { code: 2, err: /no scenario/ });
  t.end();
});

t.test('scenarios with problems are not run, and each problem is shown', (t) => {
  const bad = file('bad.yaml', 'title: a\ncomand: x\nexpect: {exitCode: 0}\n');
  t.match(cli('check', '-s', bad, '--builders', 'h'), {
    code: 2,
    out: '',
    err: /bad\.yaml:2:1: unknown key "comand", did you mean "command"\?/,
  });
  const lint = cli('lint', bad);
  t.match(lint, { code: 2, out: /\^\^\^\^\^\^/, err: /1 file, 1 problem/ });
  const { problems } = JSON.parse(cli('lint', '-f', 'json', bad).out) as { problems: unknown[] };
  t.match(problems, [{ code: 'unknown-key', line: 2, column: 1 }]);
  t.match(cli('lint', '/no/such'), { code: 2, err: /cannot read/ });
  t.end();
});

t.test('the default suite has no problems', (t) => {
  t.match(cli('lint', 'specs'), { code: 0, out: '' });
  t.end();
});

t.test('list shows every scenario in the order in which it runs', (t) => {
  const rows = JSON.parse(cli('list', '-f', 'json').out) as { id: string; needs: string[] }[];
  const ids = rows.map(({ id }) => id);
  for (const name of [
    'dns',
    'matching-keys',
    'connection',
    'host-key',
    'ssh-config',
    'remote-build',
    'nix-store-permissions',
    'store-ping',
    'local-to-remote-build',
    'weighting',
  ]) {
    t.ok(ids.includes(name), name);
  }
  for (const { id, needs } of rows)
    for (const need of needs) t.ok(ids.indexOf(need) < ids.indexOf(id), `${need} before ${id}`);
  const { out } = cli('list');
  t.match(out, /^STAGE +SCENARIO/);
  t.same(
    out.split('\n').filter((line) => line.length > 100),
    [],
    'no line is wider than 100 columns',
  );
  t.match(out, /^network +tcp +builder +none +An SSH server answers\n +needs: ssh-config, dns\n/m);
  t.match(out, /^ssh +key-exposed .*\n(?: +.*\n)* +tags: security\n/m);
  t.end();
});

t.test('list shows only the scenarios of a stage or with a tag', (t) => {
  const own = file('own-tag.yaml', "title: a\ncommand: 'true'\nexpect: {exitCode: 0}\ntags: [mine, other]\n");
  const ids = (...args: string[]): string[] =>
    (JSON.parse(cli('list', '-s', own, '-f', 'json', ...args).out) as { id: string }[]).map(({ id }) => id);
  t.same(ids('--stage', 'network'), ['dns', 'tcp']);
  t.same(ids('--tag', 'mine'), ['own-tag']);
  t.same(ids('--tag', 'mine', '--stage', 'network'), ['dns', 'tcp', 'own-tag'], 'as check selects them');
  t.match(JSON.parse(cli('list', '-s', own, '-f', 'json', '--tag', 'mine').out), [
    { tags: ['mine', 'other'] },
  ]);
  t.match(cli('explain', '-s', own, 'own-tag').out, /^tags +mine, other$/m);
  t.match(cli('list', '--tag', 'securty'), {
    code: 2,
    out: '',
    err: /no scenario has the tag "securty"; did you mean security\?/,
  });
  t.match(cli('list', '--stage', 'ssl'), { code: 2, err: /no stage is called "ssl"; did you mean ssh\?/ });
  t.end();
});

t.test('explain tells a scenario and a cause', (t) => {
  t.match(cli('explain', 'dns').out, /^dns: The builder's name resolves/);
  const cause = cli('explain', 'key-too-open').out;
  t.match(cause, 'found by connection');
  t.match(cause, 'chmod 600');
  t.end();
});

t.test('schema prints what the report and the scenarios are checked against', (t) => {
  for (const name of ['report', 'scenario']) {
    t.equal(cli('schema', name).out, readFileSync(`schemas/${name}.schema.json`, 'utf8'));
  }
  t.end();
});

t.test('machines shows what Nix makes of each entry, and 1 when it would refuse the text', (t) => {
  const good = cli('machines', '--builders', 'alpha aarch64-linux - 4', '--nix-version', '2.34.8');
  t.equal(good.code, 0);
  t.match(good.out, /ssh:\/\/alpha[\s\S]*aarch64-linux[\s\S]*4, 1/);
  const bad = cli('machines', '-m', file('machines', 'alpha - - four\n'), '--nix-version', '2.34.8');
  t.match(bad, { code: 1, out: /machines:1:11: error: "four"/ });
  t.match(bad.out, 'Nix refuses the whole text');
  t.match(JSON.parse(cli('machines', '-f', 'json', '--builders', 'a', '--nix-version', '2.8.0').out), {
    builders: [{ uri: 'ssh://a' }],
  });
  t.end();
});

t.test('a report goes to several places at once, and can be rendered again byte for byte', (t) => {
  const json = join(folder, 'report.json');
  const xml = join(folder, 'report.xml');
  const ran = cli(
    'check',
    '--builders',
    'ssh://127.0.0.1.invalid',
    '-f',
    'tap',
    '-f',
    `json=${json}`,
    '-f',
    `junit=${xml}`,
  );
  t.equal(ran.code, 1, ran.err);
  t.match(ran.out, /^TAP version 14\n/);
  t.equal(cli('render', json, '-f', 'tap').out, ran.out);
  t.equal(cli('render', json, '-f', 'junit').out, readFileSync(xml, 'utf8'));
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
  t.match(cli('render', file('no.json', '{}')), { code: 2, err: /is not a report/ });
  const tagged = JSON.parse(readFileSync(json, 'utf8')) as { clientChecks: { tags?: string[] }[] };
  for (const [tag, code] of [
    ['disk', 0],
    ['Not a tag', 2],
    ['x'.repeat(31), 2],
  ] as const) {
    for (const check of tagged.clientChecks) check.tags = [tag];
    t.equal(cli('render', file('tagged.json', JSON.stringify(tagged)), '-f', 'tap').code, code, tag);
  }
  t.match(cli('check', '--builders', 'ssh://h.invalid', '-t', 'dns', '-f', 'json=/no/such/folder/x'), {
    code: 2,
    err: /cannot write/,
  });
  t.end();
});

t.test('a reader that closes the pipe early is no failure of ours', (t) => {
  const { stderr } = spawnSync('sh', ['-c', `${process.execPath} dist/cli.js list | head -n 1`], {
    encoding: 'utf8',
  });
  t.notMatch(stderr, /EPIPE/);
  t.end();
});

t.test('what files say reaches a terminal without its control characters', (t) => {
  const esc = '\x1b]0;title\x07\x1b[31m';
  const machines = file('hostile', `ssh://a x86_64-linux - 1 1 k${esc}vm\n`);
  const scenario = file(
    'hostile.yaml',
    `title: "a\\e[31m"\ntarget: client\ncommand: 'true'\nexpcet: {"\\e": 1}\n`,
  );
  const other = file(
    'hostile2.yaml',
    `title: "a\\e[31m"\ntarget: client\ncommand: 'true'\nexpect: {exitCode: 0}\n`,
  );
  for (const { code, out, err } of [
    cli('machines', '-m', machines),
    cli('lint', scenario),
    cli('list', '-s', other),
    cli('explain', 'hostile2', '-s', other),
    cli('check', '-t', esc, '--builders', 'h'),
    cli(esc),
    cli('check', `--${esc}`),
  ]) {
    t.not(code, null);
    t.notMatch(out + err, /[\x00-\x08\x0b-\x1f\x7f]/);
  }
  t.end();
});
