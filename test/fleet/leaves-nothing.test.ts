import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
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
      const look = (): Promise<string[][]> => Promise.all([inventory(client.host), inventory(builder.host)]);
      let after = await look();
      // What was told to end takes a moment to do so.
      for (let tries = 0; tries < 20 && !isDeepStrictEqual(after, before); tries += 1) {
        await sleep(100);
        after = await look();
      }
      t.same(after, before, `${scheme}: files and processes of client and builder are as before`);
    }
  });
}

/**
 * Path, mode, owner, size and times of every file; and what Nix's database says. Nix touches files of its own state, and
 * sshd and Nix's daemon write their logs whoever connects: of the state only the times are left out, and of the logs all.
 */
async function state(host: Host): Promise<string[]> {
  const files = await inventory(host, '%p %m %u %s %T@ %C@\\n');
  const { stdout, exitCode } = await host.sh('nix-store --dump-db');
  if (exitCode !== 0) throw new Error(`no database on ${host.name}`);
  return [
    ...files
      .filter((line) => !/^\/tmp\/(sshd|daemon)\.log /.test(line))
      .map((line) => (line.startsWith('/nix/var/nix/') ? line.split(' ').slice(0, 4).join(' ') : line)),
    ...stdout.split('\n'),
  ];
}

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(`a read-only run changes nothing: Nix ${nix}`, async (t, fleet) => {
    const client = await fleet.client({ nix });
    for (const scheme of ['ssh', 'ssh-ng'] as const) {
      const builder = await fleet.builder({ nix });
      client.machines(builder.line(scheme));
      const look = (): Promise<string[][]> => Promise.all([client.host, builder.host].map(state));
      // Where Nix never ran, its first start makes its own store and database, whoever starts it: so twice.
      await look();
      const before = await look();
      const { report } = await client.check(['--read-only']);
      t.equal(report.summary.verdict, 'healthy');
      t.same(await look(), before, `${scheme}: no file of client and builder is new, gone or written to`);
    }
  });
}
