import type { Host } from './host.ts';
import { withFleet } from './with-fleet.ts';

/** Every file and process of a host, but for the 1024 folders that Nix sorts its logs into. */
async function inventory(host: Host): Promise<string[]> {
  const { stdout } = await host.sh(
    `find /nix /etc/nix /etc/ssh /root /home /tmp -xdev; ps -eo args --no-headers`,
  );
  return stdout
    .split('\n')
    .filter((line) => !/^(ps|sh|find) |^\/nix\/var\/log\/nix\/drvs\/..$/.test(line))
    .sort();
}

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(`a run leaves nothing behind: Nix ${nix}`, async (t, fleet) => {
    const client = await fleet.client({ nix });
    for (const scheme of ['ssh', 'ssh-ng'] as const) {
      const builder = await fleet.builder({ nix });
      client.machines(builder.line(scheme));
      // At the first build Nix itself makes folders and locks, which it keeps whoever builds.
      await client.check();
      const before = await Promise.all([inventory(client.host), inventory(builder.host)]);
      const { report } = await client.check();
      t.equal(report.summary.verdict, 'healthy');
      const after = await Promise.all([inventory(client.host), inventory(builder.host)]);
      t.same(after, before, `${scheme}: files and processes of client and builder are as before`);
    }
  });
}
