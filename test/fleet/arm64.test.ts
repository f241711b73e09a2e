import type { NixVersion } from './index.ts';
import { withFleet } from './with-fleet.ts';

const clientVersions: readonly NixVersion[] = ['2.8', '2.26', '2.34'];

for (const nix of ['2.8'] as const) {
  withFleet(
    `a builder of arm64 with Nix ${nix} is healthy for clients of x86_64, as slow as it is`,
    async (t, fleet) => {
      const builder = await fleet.builder({ profile: 'arm64', nix });
      t.equal((await builder.host.sh('uname -m')).stdout, 'aarch64\n', 'its programs are of another system');
      for (const clientNix of clientVersions) {
        const client = await fleet.client({ nix: clientNix });
        for (const scheme of ['ssh', 'ssh-ng'] as const) {
          client.machines(builder.line(scheme));
          const started = performance.now();
          const { report } = await client.check();
          const pair = `${scheme} from Nix ${clientNix} to ${nix}`;
          t.comment(`${pair}: ${Math.round(performance.now() - started)} ms`);
          const checks = [...report.clientChecks, ...report.builders.flatMap((one) => one.checks)];
          const wrong = checks.filter(({ outcome }) => !['pass', 'skip'].includes(outcome));
          t.same(
            wrong.map(({ scenario, outcome, message }) => `${outcome} ${scenario}: ${message}`),
            [],
            pair,
          );
          t.equal(report.summary.verdict, 'healthy', pair);
          const outcomes = new Map(checks.map(({ scenario, outcome }) => [scenario, outcome]));
          t.equal(outcomes.get('remote-build'), 'pass', `${pair} builds by hand`);
          t.equal(outcomes.get('local-to-remote-build'), 'pass', `${pair} builds through Nix`);
        }
        await client.host.stop();
      }
    },
    'arm64',
  );
}
