import type { BuilderOptions } from '../fleet/builder.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import type { Lab } from './fault.ts';
import { kernelRuns, port, registration, withOwnEmulators } from './own-emulators.ts';

const emulates = { 'extra-platforms': 'i686-linux aarch64-linux riscv64-linux' };
const sandbox = { sandbox: 'true', 'sandbox-paths': '/bin /lib /lib64 /usr/lib /usr/bin' };

/** Promised where this machine's kernel runs such programs; not every one does. */
const i686 = kernelRuns('i686-linux') ? ',i686-linux' : '';

/** Each is healthy, with nothing to warn of. */
const healthy: readonly {
  title: string;
  builder: Omit<BuilderOptions, 'name'>;
  scheme?: 'ssh' | 'ssh-ng';
  columns?: string;
  makes: (lab: Pick<Lab, 'client' | 'builder'>) => Promise<unknown>;
}[] = [
  {
    title: 'a builder that emulates two systems, in a sandbox',
    builder: { port, nixConf: { ...emulates, ...sandbox } },
    columns: `x86_64-linux,aarch64-linux,riscv64-linux${i686} - 4`,
    makes: (lab) => withOwnEmulators(lab, [registration('aarch64', 'OPF'), registration('riscv64', 'POF')]),
  },
  {
    title: 'a container that emulates and cannot see the list of emulators',
    builder: { port, nixConf: emulates },
    columns: 'x86_64-linux,riscv64-linux - 4',
    makes: (lab) => withOwnEmulators(lab, [registration('riscv64', 'OPF')], true),
  },
  ...(['ssh-ng', 'ssh'] as const).map((scheme) => ({
    title: `a builder that emulates and runs only Nix's program, over ${scheme}`,
    builder: {
      port,
      nixConf: emulates,
      sshd: { ForceCommand: scheme === 'ssh' ? 'nix-store --serve --write' : 'nix-daemon --stdio' },
    },
    scheme,
    columns: `x86_64-linux,riscv64-linux${i686} - 4`,
    makes: (lab: Pick<Lab, 'client' | 'builder'>) => withOwnEmulators(lab, [registration('riscv64', 'OPF')]),
  })),
  {
    title: 'a board on which each program of Nix takes seconds to start',
    builder: { sshd: { SetEnv: 'PATH=/root/slow:/usr/local/bin:/usr/bin:/bin' } },
    makes: ({ builder: { host } }) => host.sh(slowNix),
  },
];

/** A stand-in for a slow card: Nix's programs sleep before they start. */
const slowNix = `mkdir /root/slow
for program in nix nix-store nix-daemon nix-instantiate; do
  printf '#!/bin/sh\\nsleep 5\\nexec /usr/bin/%s "$@"\\n' $program > /root/slow/$program
done
chmod 755 /root/slow/*`;

const words = process.argv.slice(2);
for (const { title, builder: options, scheme, columns, makes } of healthy) {
  if (!words.every((word) => title.includes(word))) continue;
  withFleet(`${title} is healthy`, async (t, fleet) => {
    const [client, builder] = await Promise.all([fleet.client(), fleet.builder(options)]);
    await makes({ client, builder });
    client.machines(builder.line(scheme, columns));
    const { report } = await client.check();
    const wrong = [...report.clientChecks, ...report.builders.flatMap(({ checks }) => checks)].filter(
      ({ outcome }) => !['pass', 'skip'].includes(outcome),
    );
    t.same(
      wrong.map(({ outcome, scenario, cause, message }) => `${outcome} ${scenario} ${cause}: ${message}`),
      [],
    );
    t.equal(report.summary.verdict, 'healthy');
  });
}
