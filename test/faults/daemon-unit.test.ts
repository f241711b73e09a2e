import type { Client } from '../fleet/index.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import { daemonUnitFaults, setUnit } from './daemon-unit.ts';
import { tryFault } from './laboratory.ts';

/** What a fault changes of the client: its unit and root's ssh. */
async function reset({ host }: Client): Promise<void> {
  await host.sh(
    'rm -rf /etc/systemd/system/nix-daemon.service.d /etc/ssh/ssh_known_hosts /root/.ssh; cp -a /var/ssh /root/.ssh; systemctl daemon-reload; systemctl reset-failed; systemctl stop nix-daemon.socket nix-daemon; systemctl start nix-daemon.socket nix-daemon',
  );
}

/** What keeps this machine's daemon from builds of its own, and from no other. */
const ownBuildsHang = 'CapabilityBoundingSet=~CAP_DAC_OVERRIDE';

const words = process.argv.slice(2);
withFleet("what the unit of the client's daemon keeps from it", async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client({ profile: 'debian-sid' }), fleet.builder()]);
  await client.host.sh('cp -a /root/.ssh /var/ssh');
  for (const fault of daemonUnitFaults.filter(({ title }) => words.every((word) => title.includes(word)))) {
    const row = await tryFault(fleet, fault, { machines: { client, builder } });
    const { expected, got, fixRun, healthyAfter } = row;
    t.comment(`fault | ${row.fault} | ${expected} | ${got} | ${fixRun} | ${healthyAfter}`);
    t.equal(got, expected, `${row.fault}: ${row.details}`);
    if (fixRun === 'yes') t.equal(healthyAfter, 'yes', `${row.fault}: ${row.details}`);
    await reset(client);
  }
  if (words.length === 0) {
    client.machines(builder.line());
    await setUnit({ client, builder, args: [], env: {} }, ownBuildsHang);
    const { report } = await client.check();
    t.equal(report.summary.verdict, 'healthy', JSON.stringify(report.builders[0]?.rootCause));
  }
});
