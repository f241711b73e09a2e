import type { Host } from './host.ts';
import { withFleet } from './with-fleet.ts';

/** Every file and process of a host, but for the 1024 folders that Nix sorts its logs into. `format` is find's. */
async function inventory(host: Host, format = '%p\\n'): Promise<string[]> {
  const { stdout } = await host.sh(
    `find /nix /etc /root /home /tmp -xdev -printf '${format}'; ps -eo args --no-headers`,
  );
  return stdout
    .split('\n')
    .filter((line) => !/^(ps|sh|find|\/tmp) |^\/nix\/var\/log\/nix\/drvs\/..$/.test(line))
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

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(`a read-only run changes nothing, from the very first: Nix ${nix}`, async (t, fleet) => {
    const client = await fleet.client({ nix });
    for (const scheme of ['ssh', 'ssh-ng'] as const) {
      const builder = await fleet.builder({ nix });
      client.machines(builder.line(scheme));
      // Path, mode, owner, size and times. /tmp itself tells that a private folder came and went.
      const look = (): Promise<string[][]> =>
        Promise.all([client.host, builder.host].map((host) => inventory(host, '%p %m %u %s %T@ %C@\\n')));
      const before = await look();
      const { report } = await client.check(['--read-only']);
      t.equal(report.summary.verdict, 'healthy');
      t.same(await look(), before, `${scheme}: no file of client and builder is new, gone or written to`);
    }
  });
}
