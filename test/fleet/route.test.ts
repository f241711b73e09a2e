import { withFleet } from './with-fleet.ts';

interface Route {
  computed: { builders: { uri: string; builds: number }[] };
  observed: Record<string, number>;
}

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(`twelve real builds at once go where they are computed to go: Nix ${nix}`, async (t, fleet) => {
    const client = await fleet.client({ nix });
    const builders = await Promise.all(
      ['a', 'b', 'c'].map((name) => fleet.builder({ name: `${name}${nix.replace('.', '')}`, nix: '2.34' })),
    );
    const speeds = [1, 2, 4];
    client.machines(...builders.map((one, index) => one.line('ssh', `x86_64-linux - 6 ${speeds[index]}`)));
    const { exitCode, stdout, stderr } = await client.doctor(['route', '--observe', '12', '-f', 'json']);
    t.equal(exitCode, 0, stderr);
    const { computed, observed } = JSON.parse(stdout) as Route;
    const wanted = Object.fromEntries(
      computed.builders.filter(({ builds }) => builds > 0).map(({ uri, builds }) => [uri, builds]),
    );
    t.same(observed, wanted, JSON.stringify(computed));
    t.equal(
      Object.values(observed).reduce((sum, builds) => sum + builds, 0),
      12,
    );
    t.equal((await client.host.sh('ls /nix/store | grep doctor-route')).stdout, '', 'nothing stays here');
  });
}

withFleet('a route is read from a derivation', async (t, fleet) => {
  const client = await fleet.client({ nix: '2.34' });
  client.machines('ssh://plain x86_64-linux', 'ssh://big x86_64-linux - 1 1 kvm');
  const { stdout } = await client.host.run([
    'nix-instantiate',
    '-E',
    'derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; requiredSystemFeatures = "kvm"; preferLocalBuild = true; }',
  ]);
  const { out } = await client
    .doctor(['route', '--derivation', stdout.trim()])
    .then(({ stdout: text }) => ({ out: text }));
  t.match(out, /A build for x86_64-linux, needs kvm, as Nix 2\.34/);
  t.match(out, /^\* +ssh:\/\/big .*chosen$/m);
});
