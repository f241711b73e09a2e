import { externalBuilder } from '../faults/external.ts';
import { withFleet } from './with-fleet.ts';

withFleet('a machine with an external builder and no other has one healthy builder', async (t, fleet) => {
  const client = await fleet.client({ nix: '2.34' });
  await externalBuilder({ client });
  client.machines('');
  const { exitCode, report } = await client.check();
  t.equal(exitCode, 0);
  t.match(report.summary, { verdict: 'healthy', builders: { total: 1, healthy: 1 } });
  t.match(report.builders, [{ name: 'external:aarch64-linux', rootCause: null }]);
  t.same(
    report.builders[0]?.checks.map(({ scenario, outcome }) => [scenario, outcome]),
    [
      ['external-builder', 'pass'],
      ['external-build', 'pass'],
    ],
  );
  const route = await client.doctor(['route', '--system', 'aarch64-linux', '--feature', 'kvm']);
  t.equal(route.exitCode, 0, route.stderr);
  t.match(
    route.stdout,
    'There are no builders: Nix starts /nix/external/vm for aarch64-linux (external-builders), whatever features it needs.',
  );
  t.match(route.stdout, /^\* +aarch64-linux +\/nix\/external\/vm +chosen$/m);
  const older = await client.doctor(['route', '--system', 'aarch64-linux', '--nix-version', '2.26']);
  t.match(older, { exitCode: 1, stdout: /cannot build it either/ }, 'an older Nix has no such setting');
  t.match((await client.doctor(['machines'])).stdout, /^\/nix\/external\/vm +external-builders$/m);
  t.equal((await client.host.sh('ls /nix/store | grep doctor-external')).stdout, '', 'nothing stays');

  client.machines('ssh://nobody x86_64-linux');
  client.host.write('/etc/nix/nix.conf', `${client.host.read('/etc/nix/nix.conf')}external-builders = [{\n`);
  const broken = await client.check(['-t', 'client-nix']);
  t.match(broken.report.clientChecks, [
    { cause: 'client-nix-conf-broken', message: /refuses its setting external-builders/ },
  ]);
});
