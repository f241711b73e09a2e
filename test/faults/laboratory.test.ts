import { withFleet } from '../fleet/with-fleet.ts';
import type { Fault } from './fault.ts';
import { isRight, tryFault } from './laboratory.ts';
import { sshFaults } from './ssh.ts';

const tooOpen = sshFaults.find(({ cause }) => cause === 'key-too-open');

withFleet('a hint whose fix does not heal is found out', async (t, fleet) => {
  if (tooOpen === undefined) throw new Error('there is no such fault');
  const wrongHint: Fault = {
    ...tooOpen,
    breaks: async (lab) => {
      await tooOpen.breaks(lab);
      // The suite's own scenario, with another mode in its fix.
      await lab.client.host.sh(
        "sed -e \"s/keyFile}}', mode: '600'/keyFile}}', mode: '640'/\" -e '2i id: connection\\nreplaces: true\\nstage: ssh' /run/project/specs/ssh/connection.yaml > /root/connection.yaml",
      );
      lab.args.push('--spec', '/root/connection.yaml');
    },
  };
  const row = await tryFault(fleet, wrongHint);
  t.equal(row.got, row.expected, row.details);
  t.equal(row.healthyAfter, 'no', row.details);
  t.notOk(isRight(row));
});

withFleet('a cause that is not the one is found out', async (t, fleet) => {
  if (tooOpen === undefined) throw new Error('there is no such fault');
  t.notOk(isRight(await tryFault(fleet, { ...tooOpen, cause: 'key-missing' })));
});

withFleet(
  'of two faults at once the first along the path is named, and then the second',
  async (t, fleet) => {
    const row = await tryFault(fleet, {
      title: 'the SSH server is down, and the key is not authorised',
      breaks: async ({ builder }) => {
        await builder.host.sh(': > /root/.ssh/authorized_keys');
        await builder.host.stopSshd();
      },
      scenario: 'tcp',
      cause: 'connection-refused',
      then: ['not-authorised'],
    });
    t.equal(row.got, row.expected, row.details);
    t.equal(row.healthyAfter, 'yes', row.details);
  },
);

for (const [scheme, program] of [
  ['ssh-ng', 'nix-daemon --stdio'],
  ['ssh', 'nix-store --serve --write'],
] as const) {
  withFleet(`an account that may start nothing but ${program} is a healthy builder`, async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder({ nix: '2.34', sshd: { ForceCommand: program } });
    client.machines(builder.line(scheme));
    const { report } = await client.check();
    t.equal(report.summary.verdict, 'healthy', JSON.stringify(report.builders[0]?.rootCause));
    const outcomes = new Map(report.builders[0]?.checks.map(({ scenario, outcome }) => [scenario, outcome]));
    t.equal(outcomes.get('remote-build'), 'skip');
    t.equal(outcomes.get('local-to-remote-build'), 'pass');
  });
}
