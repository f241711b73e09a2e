import { copyFileSync } from 'node:fs';
import { loginShells } from './login-shells.ts';
import { withFleet } from './with-fleet.ts';

withFleet('healthy: any login shell, over both schemes, and no check drops out', async (t, fleet) => {
  t.setTimeout(300_000);
  const client = await fleet.client();
  const programs = Object.entries(loginShells());
  const builders = await Promise.all(
    programs.map(async ([name, program]) => {
      const [file = ''] = program.split(' ');
      // busybox is told by its name which of its programs is meant, and nushell lies where the user cannot go.
      const shell =
        program === `/usr/bin/${name}` ? (`/usr/bin/${name}` as const) : (`/home/nix/${name}` as const);
      const builder = await fleet.builder({ name, user: { name: 'nix', shell, trusted: true } });
      if (shell !== file) copyFileSync(file, builder.host.path(shell));
      await builder.host.sh(`chmod 755 ${shell}`);
      return builder;
    }),
  );
  client.machines(...builders.flatMap((builder) => [builder.line('ssh'), builder.line('ssh-ng')]));
  const { exitCode, report } = await client.check(['-j', '4'], { timeoutMs: 600_000 });
  t.equal(exitCode, 0, JSON.stringify(report.builders.map(({ rootCause }) => rootCause)));
  const outcomes = report.builders.map(({ uri, checks }) => ({
    scheme: uri.replace(/:.*/, ''),
    checks: checks.map(({ scenario, outcome }) => `${outcome} ${scenario}`),
  }));
  for (const scheme of ['ssh', 'ssh-ng']) {
    const [bash, ...others] = outcomes.filter((one) => one.scheme === scheme);
    t.ok(bash?.checks.includes('pass builder-systems'), 'the builder was looked at from inside');
    t.equal(others.length, programs.length - 1);
    for (const [index, { checks }] of others.entries())
      t.strictSame(checks, bash?.checks, `${scheme}, ${programs[index + 1]?.[0] ?? ''}`);
  }
});

/** Accounts on which only Nix's program runs, by what they say to anything else. */
const tied: Record<string, (program: string) => string> = {
  'Nix whatever was asked for': (program) => program,
  'its own words': (program) =>
    `case $SSH_ORIGINAL_COMMAND in nix-*) exec ${program} ;; *) echo only builds here; exit 1 ;; esac`,
  'its own words on standard error': (program) =>
    `case $SSH_ORIGINAL_COMMAND in nix-*) exec ${program} ;; *) echo "Access denied." >&2; exit 1 ;; esac`,
  'nothing, and a status': (program) =>
    `case $SSH_ORIGINAL_COMMAND in nix-*) exec ${program} ;; *) exit 1 ;; esac`,
};

for (const [says, commandOf] of Object.entries(tied))
  withFleet(`healthy: an account that runs only Nix's program, and else says ${says}`, async (t, fleet) => {
    const client = await fleet.client();
    const lines = await Promise.all(
      (['ssh', 'ssh-ng'] as const).map(async (scheme) => {
        const builder = await fleet.builder({ name: scheme });
        const command = commandOf(scheme === 'ssh' ? 'nix-store --serve --write' : 'nix-daemon --stdio');
        const keys = '/root/.ssh/authorized_keys';
        const words = command.replaceAll('"', '\\"');
        builder.host.write(keys, `restrict,command="${words}" ${builder.host.read(keys)}`);
        return builder.line(scheme);
      }),
    );
    client.machines(...lines);
    const { exitCode, report } = await client.check();
    t.equal(exitCode, 0, JSON.stringify(report.builders.map(({ rootCause }) => rootCause)));
    for (const { uri, checks } of report.builders) {
      const shell = checks.find(({ scenario }) => scenario === 'shell');
      t.match(shell, { outcome: 'pass', message: /only Nix's program can be run there/ }, uri);
      t.match(
        checks.find(({ scenario }) => scenario === 'disk'),
        {
          outcome: 'skip',
          unmeasured: 'the builder runs no shell command',
        },
      );
    }
    const [unmeasured] = report.summary.unmeasured ?? [];
    t.match(unmeasured, { reason: 'the builder runs no shell command', names: ['ssh', 'ssh-ng'] });
    t.ok((unmeasured?.checks ?? 0) >= 20, 'the verdict says how many');
  });
