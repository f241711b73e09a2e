import { readFileSync } from 'node:fs';
import { withFleet } from './with-fleet.ts';

/** The README's own example, as it stands. */
function readmeExample(): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /^```yaml\n(# room\.yaml\n[^]*?)^```$/m.exec(readme)?.[1];
  if (example === undefined) throw new Error('the README has no room.yaml');
  return example;
}

const uptime = `
title: The builder has been up for a while
target: builder
needs: [handshake, room]
when: {facts.freeKib: {not: {empty: true}}}
command: [cat, /proc/uptime]
expect:
  exitCode: 0
  stdout: {matches: '^[0-9.]+ [0-9.]+$'}
`;

const color = `
title: The builder is of the right colour
target: builder
needs: [connection]
severity: error
command: test {{vars.color}} = "$(cat /etc/nix/color)"
expect: {exitCode: 0}
hint:
  - when: {stderr: {matches: 'No such file'}}
    cause: no-color
    says: '{{builder.host}} has no colour.'
    fix:
      - {on: builder, run: 'echo {{vars.color}} > /etc/nix/color'}
examples:
  - {exitCode: 0, vars: {color: red}, outcome: pass}
  - {exitCode: 1, stderr: 'cat: /etc/nix/color: No such file or directory', vars: {color: red}, cause: no-color}
`;

const account = `
title: A job of another user works on the builder
target: builder
needs: [connection]
effect: store
setup: [{on: builder, command: 'mkdir -m 755 /run/job && echo {{vars.color}} > /run/job/color'}]
cleanup: [{on: builder, command: 'rm -r /run/job'}]
user: nobody
cwd: /run/job
env: {GREETING: "it's {{builder.host}}"}
stdin: a line
command: test "$(id -un) $GREETING $(cat) $(cat color)" = "nobody it's "{{builder.host}}" a line "{{vars.color}}
expect: {exitCode: 0, stderr: {empty: true}}
`;

withFleet(
  'a suite of one’s own runs beside the default one, and shows up in every output',
  async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder({ name: 'alpha', nix: '2.34' });
    client.machines(builder.line());
    client.host.write('/root/own/room.yaml', readmeExample());
    client.host.write('/root/own/uptime.yaml', uptime);
    client.host.write('/root/own/color.yaml', color);
    client.host.write('/root/own/account.yaml', account);

    const lint = await client.doctor(['lint', '/root/own']);
    t.equal(lint.exitCode, 0, lint.stdout);
    const formats = ['table', 'tap', 'tap13', 'junit', 'junit-strict'];
    const outputs = formats.flatMap((format) => ['-f', `${format}=/root/${format}`]);
    const { exitCode, report } = await client.check(['-s', '/root/own', '--var', 'color=blue', ...outputs]);
    t.equal(exitCode, 1);
    const outcomes = Object.fromEntries(
      (report.builders[0]?.checks ?? []).map(({ scenario, outcome }) => [scenario, outcome]),
    );
    t.match(outcomes, {
      room: 'pass',
      uptime: 'pass',
      color: 'fail',
      account: 'pass',
      'local-to-remote-build': 'pass',
    });
    t.equal((await builder.host.sh('test ! -e /run/job')).exitCode, 0, 'nothing is left behind');
    t.match(report.builders[0]?.rootCause, { scenario: 'color', cause: 'no-color' });
    for (const format of formats) {
      const text = client.host.read(`/root/${format}`);
      for (const word of ['room', 'uptime', 'color', 'store-ping', 'no-color'])
        t.match(text, word, `${format}: ${word}`);
    }

    const [fix] = report.builders[0]?.rootCause?.fix ?? [];
    t.equal(fix?.run, 'echo blue > /etc/nix/color');
    await builder.host.sh(fix?.run ?? 'false');
    t.equal((await client.check(['-s', '/root/own', '--var', 'color=blue'])).exitCode, 0);

    const without = await client.check(['-s', '/root/own']);
    t.match(
      without.report.builders[0]?.checks.find(({ scenario }) => scenario === 'color'),
      { outcome: 'error', message: /vars\.color.* has no value/ },
      'a value that nobody gave is an error',
    );
  },
);

const flake =
  '{ outputs = _: { nixosConfigurations = { alpha = { }; web = { }; }; deploy.nodes.db = { }; }; }';
const hive = '{ meta = { }; defaults = { }; beta = { ... }: { }; }';

withFleet('an inventory chooses the builders that it names', async (t, fleet) => {
  const client = await fleet.client({ nix: '2.34' });
  client.machines('ssh://alpha.example x86_64-linux\nssh://beta x86_64-linux\nssh://meta x86_64-linux');
  client.host.write('/root/own/flake.nix', flake);
  client.host.write('/root/hive/hive.nix', hive);
  client.host.write('/root/other.nix', '{ gamma = { }; }');
  client.host.write('/root/bad.nix', '{ gamma = ; }');
  const chosen = async (...options: string[]): Promise<string[]> => {
    const { report } = await client.check(['-t', 'slots', ...options.flatMap((one) => ['--inventory', one])]);
    return report.builders.map(({ host }) => host);
  };
  t.same(await chosen('/root/own'), ['alpha.example']);
  t.same(await chosen('/root/hive'), ['beta']);
  t.same(await chosen('/root/hive/hive.nix', 'path:/root/own'), ['alpha.example', 'beta']);
  for (const [inventory, words] of [
    ['/root/other.nix', /no builder is in the inventory, which names gamma/],
    ['/root/bad.nix', /--inventory \/root\/bad\.nix: .*syntax error/],
    ['/root/gone', /--inventory \/root\/gone: /],
  ] as const)
    t.match(await client.doctor(['check', '--inventory', inventory]), { exitCode: 2, stderr: words });
});
