import type { Report } from '../../src/generated/types.ts';
import type { BuilderOptions } from '../fleet/builder.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import type { Lab } from './fault.ts';
import { messageProblems } from './messages.ts';

// What the builder does not tell is neither right nor wrong: `error`, with the reason in the verdict line.

const nix = { name: 'nix', shell: '/bin/bash', trusted: true } as const;
const path = 'PATH=/root/first:/usr/local/bin:/usr/bin:/bin';

/** A program in place of the builder's own. */
const inPlaceOf =
  (program: string, text: string) =>
  ({ builder: { host } }: Lab): unknown => {
    host.write(`/root/first/${program}`, `#!/bin/sh\n${text}\n`, 0o755);
    return host.sh(`chmod 755 /root/first/*`);
  };

interface Case {
  title: string;
  builder: BuilderOptions;
  makes: (lab: Lab) => unknown;
  /** Checks that could not be measured by themselves; none: the builder is healthy. */
  unmeasured: readonly string[];
  /** The verdict line says why. */
  why?: RegExp;
  /** The least number of checks that it must name. */
  atLeast?: number;
}

const shellScript =
  (text: string) =>
  ({ builder: { host } }: Lab): unknown => {
    host.write('/home/nix/shell', `#!/bin/sh\n${text}\n`, 0o755);
    return host.sh('chmod 755 /home/nix/shell');
  };
const ownShell = { user: { ...nix, shell: '/home/nix/shell' } } as const;

/** Links to the programs named, and no others, on the PATH. */
const few =
  (...programs: readonly string[]) =>
  ({ builder: { host } }: Lab): unknown =>
    host.sh(
      `mkdir /root/few; for p in ${programs.join(' ')}; do ln -s "$(command -v $p)" /root/few/$p; done; ls /root/few`,
    );
const nixPrograms = ['nix', 'nix-store', 'nix-daemon', 'nix-instantiate', 'nix-build'] as const;
const usual = ['sh', 'cat', 'ls', 'mkdir', 'rm', 'rmdir', 'chmod', 'cp', 'readlink', 'uname', 'id'] as const;

const cases: readonly Case[] = [
  ...(['2.8', '2.34'] as const).map((version) => ({
    title: `nix.conf is closed to the user, ${version}`,
    builder: { user: nix, nix: version },
    makes: ({ builder: { host } }: Lab) => host.sh('chmod 600 /etc/nix/nix.conf'),
    unmeasured: ['builder-nix-conf'],
    why: /16 checks could not be measured: nix may not read \/etc\/nix\/nix.conf on the builder, so its settings are not known \(/,
    atLeast: 14,
  })),
  {
    title: 'df fails',
    builder: { sshd: { SetEnv: path } },
    makes: inPlaceOf('df', 'echo "df: cannot read table of mounted file systems" >&2; exit 1'),
    unmeasured: ['disk'],
    why: /could not be measured: .*df: cannot read table/,
    atLeast: 5,
  },
  {
    title: 'df prints what is no table',
    builder: { sshd: { SetEnv: path } },
    makes: inPlaceOf('df', 'echo "Filesystem what"; echo nothing'),
    unmeasured: ['disk'],
    why: /could not be measured: The free space/,
    atLeast: 5,
  },
  {
    title: 'the shell answers nothing',
    builder: ownShell,
    makes: shellScript('case $2 in nix*) exec $2 ;; *) exit 0 ;; esac'),
    unmeasured: ['shell'],
    why: /could not be measured: The login shell of nix .* runs Nix's program but not `sh`/,
    atLeast: 20,
  },
  {
    title: 'the shell is silent and goes on',
    builder: ownShell,
    makes: shellScript('case $2 in nix*) exec $2 ;; *) exec sleep 600 ;; esac'),
    unmeasured: ['shell'],
    why: /could not be measured: `sh` on \S+ did not answer within the time allowed/,
    atLeast: 20,
  },
  {
    title: 'nix tells no settings, with an unexpected status',
    builder: { sshd: { SetEnv: path } },
    makes: inPlaceOf('nix', 'case "$*" in *config*) exit 42 ;; esac; exec /usr/bin/nix "$@"'),
    unmeasured: ['builder-systems', 'builder-nix-conf', 'trusted'],
    why: /could not be measured: .*the builder's nix told no settings/,
    atLeast: 10,
  },
  {
    title: 'the clock answers with an unexpected status',
    builder: { sshd: { SetEnv: path } },
    makes: inPlaceOf('date', 'exit 42'),
    unmeasured: ['clock'],
    why: /1 check could not be measured: the time of \S+ could not be read/i,
  },
  {
    title: 'each command of the login shell ends with a status of its own, and all works',
    builder: ownShell,
    makes: shellScript('sh -c "$2"; exit 77'),
    unmeasured: [],
  },
  {
    title: 'the processes of others are hidden, and all works',
    builder: { user: nix },
    makes: ({ builder: { host } }) => host.sh('mount -o remount,hidepid=2 /proc'),
    unmeasured: [],
  },
  {
    title: '/proc is empty',
    builder: { user: nix },
    makes: ({ builder: { host } }) => host.sh('mkdir /tmp/empty; mount --bind /tmp/empty /proc'),
    unmeasured: ['other-store'],
    why: /could not measure which store \S+ has/i,
    atLeast: 5,
  },
  {
    title: 'there is no stat',
    builder: { sshd: { SetEnv: 'PATH=/root/few' } },
    makes: few(...nixPrograms, ...usual, 'awk', 'df', 'sed', 'grep', 'date', 'getent', 'nproc'),
    unmeasured: ['other-store'],
    why: /could not measure which store \S+ has/i,
    atLeast: 5,
  },
  {
    title: 'there is no awk, no sed, no date and no df',
    builder: { sshd: { SetEnv: 'PATH=/root/few' } },
    makes: few(...nixPrograms, ...usual, 'stat'),
    unmeasured: ['clock', 'disk', 'substituters', 'substituters-answer'],
    why: /could not be measured: .*awk: not found/,
    atLeast: 8,
  },
  {
    title: 'there is no id and no uname',
    builder: { sshd: { SetEnv: 'PATH=/root/few' } },
    makes: few(
      ...nixPrograms,
      ...usual.filter((one) => one !== 'id' && one !== 'uname'),
      'stat',
      'awk',
      'df',
      'sed',
      'grep',
      'date',
    ),
    unmeasured: ['builder-os', 'trusted'],
    why: /2 checks could not be measured/,
  },
];

const words = process.argv.slice(2);
for (const { title, builder: options, makes, unmeasured, why = /healthy, seen from/, atLeast = 0 } of cases) {
  if (!words.every((word) => title.includes(word))) continue;
  withFleet(`no answer is no verdict: ${title}`, async (t, fleet) => {
    const [client, builder] = await Promise.all([fleet.client(), fleet.builder(options)]);
    const lab: Lab = { client, builder, args: [], env: {} };
    client.machines(builder.line());
    await makes(lab);
    const isHealthy = unmeasured.length === 0;
    const ran = await client.doctor(['check', '-f', 'json=/root/report.json', '-f', 'table']);
    const report = JSON.parse(client.host.read('/root/report.json')) as Report;
    const checks = [...report.clientChecks, ...report.builders.flatMap((one) => one.checks)];
    const outcomes = (outcome: string): string[] =>
      checks.filter((check) => check.outcome === outcome).map(({ scenario }) => scenario);
    t.equal(ran.exitCode, isHealthy ? 0 : 3, ran.stdout);
    t.same(outcomes('fail'), []);
    t.same(outcomes('warn'), []);
    const errors = outcomes('error');
    for (const scenario of unmeasured) t.ok(errors.includes(scenario), `${scenario}: ${errors.join(' ')}`);
    t.equal(errors.length > 0, !isHealthy, errors.join(' '));
    const verdict = (ran.stdout.split('\n\n')[0] ?? '').replaceAll('\n', ' ');
    t.match(verdict, why);
    t.equal(report.summary.verdict, isHealthy ? 'healthy' : 'unhealthy');
    const left = (report.summary.unmeasured ?? []).reduce((sum, one) => sum + one.checks, 0);
    t.ok(left >= atLeast, `${left} checks could not be measured`);
    t.same(messageProblems(report), []);
  });
}
