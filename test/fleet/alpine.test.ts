import { faults } from '../faults/index.ts';
import { isRight, tryFault } from '../faults/laboratory.ts';
import { withFleet } from './with-fleet.ts';

withFleet('a machine like Alpine is healthy as client and as builder', async (t, fleet) => {
  const [client, builder] = await Promise.all([
    fleet.client({ profile: 'alpine' }),
    fleet.builder({ profile: 'alpine', user: { name: 'nix', trusted: true } }),
  ]);
  const { host } = builder;
  const out = async (command: string): Promise<string> => (await host.sh(command)).stdout.trim();
  for (const file of ['/proc/1/exe', '/bin/sh', '/bin/df', '/usr/bin/timeout'])
    t.equal(await out(`readlink -f ${file}`), '/usr/bin/busybox', file);
  t.equal(await out('command -v bash systemctl sudo apt-get perl python3 usermod'), '');
  t.match(
    await out('rc-service sshd status; rc-service nix-daemon status'),
    /status: started\n[^]*status: started/,
  );
  t.match(await out("sshd -T | grep -i '^usepam'"), /^UsePAM no$/i);

  client.machines(builder.line('ssh'), builder.line('ssh-ng'));
  const { report } = await client.check();
  for (const { checks, verdict, uri } of report.builders) {
    const wrong = checks.filter(({ outcome }) => !['pass', 'skip'].includes(outcome));
    t.same(
      wrong.map(({ scenario, cause, message }) => `${scenario} ${cause ?? ''}: ${message}`),
      [],
      uri,
    );
    t.equal(verdict, 'healthy', uri);
    const outcomes = new Map(checks.map(({ scenario, outcome }) => [scenario, outcome]));
    for (const scenario of ['disk', 'clock', 'remote-build', 'local-to-remote-build'])
      t.equal(outcomes.get(scenario), 'pass', `${scenario} over ${uri}`);
  }
});

/** Each with its fix typed as it is printed for Alpine. */
const some = [
  'the daemon was not restarted after an edit',
  'the daemon died and left its socket',
  'the user is not trusted, 2.8 over ssh-ng',
];
for (const title of some)
  withFleet(`a fault on a machine like Alpine: ${title}`, async (t, fleet) => {
    const fault = faults.find((one) => one.title === title);
    if (fault === undefined) throw new Error('there is no such fault');
    const row = await tryFault(fleet, fault, { profile: 'alpine' });
    t.ok(isRight(row), `${row.got}, healthy after: ${row.healthyAfter}\n${row.details}`);
    t.equal(row.healthyAfter, 'yes');
    t.match(row.details, /rc-service nix-daemon restart[^]* => 0/);
  });
