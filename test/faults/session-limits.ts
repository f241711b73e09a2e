import type { Fault } from './fault.ts';

const plainBuildWorks = 'a plain build takes less time';
const nixos = 'the line is in the configuration of its owner';

/** What ends a login on the builder before a real build is done. */
export const sessionLimitFaults: readonly Fault[] = [
  {
    title: "Nix's program, to which the account is tied, runs under timeout",
    notOn: { nixos },
    builder: { nix: '2.34', sshd: { ForceCommand: '/usr/bin/timeout 5 nix-daemon --stdio' } },
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'session-ends-at-once',
    plainBuildWorks,
  },
  {
    title: "Nix's program, to which the account is tied, runs under timeout of busybox",
    notOn: { nixos },
    builder: { sshd: { ForceCommand: 'busybox timeout -k 5 50 nix-daemon --stdio' } },
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'session-ends-at-once',
    plainBuildWorks,
  },
  {
    title: 'every command of the account runs under timeout',
    notOn: { nixos },
    builder: { sshd: { ForceCommand: 'timeout -k 5 5 sh -c "$SSH_ORIGINAL_COMMAND"' } },
    breaks: () => undefined,
    scenario: 'builder-lets-builds-end',
    cause: 'session-ends-at-once',
    plainBuildWorks,
  },
  {
    title: 'every command of the key runs under timeout of ten minutes',
    notOn: { nixos },
    breaks: ({ builder }) =>
      builder.host.sh(
        `sed -i 's/^/command="timeout 10m sh -c \\\\"$SSH_ORIGINAL_COMMAND\\\\"" /' /root/.ssh/authorized_keys`,
      ),
    scenario: 'builder-limits',
    cause: 'session-ends-early',
    outcome: 'warn',
    fixNotRun: 'how long builds may take is for the owner to say',
  },
  {
    title: 'sshd ends quiet sessions',
    builder: { sshd: { ChannelTimeout: 'session:*=5s' } },
    breaks: () => undefined,
    scenario: 'builder-lets-builds-end',
    cause: 'quiet-session-ends-at-once',
    plainBuildWorks,
  },
  {
    title: 'the login limits the time of the processor',
    notOn: { nixos, alpine: 'its root has another shell' },
    breaks: ({ builder }) => builder.host.write('/root/.bashrc', 'ulimit -t 3\n'),
    scenario: 'builder-lets-builds-end',
    cause: 'processor-time-limited',
    plainBuildWorks,
  },
  {
    title: 'the login limits the size of files',
    notOn: { nixos, alpine: 'its root has another shell' },
    breaks: ({ builder }) => builder.host.write('/root/.bashrc', 'ulimit -f 20000\n'),
    scenario: 'builder-lets-builds-end',
    cause: 'file-size-limited',
    plainBuildWorks: 'it writes little',
  },
  {
    title: 'the login may open few files',
    notOn: { nixos, alpine: 'its root has another shell' },
    breaks: ({ builder }) => builder.host.write('/root/.bashrc', 'ulimit -n 12\n'),
    scenario: 'remote-build',
    cause: 'open-files-few',
  },
  ...(
    [
      ['timeout', '3', 'client-ends-builds-at-once'],
      ['max-silent-time', '3', 'client-ends-quiet-builds-at-once'],
      ['max-build-log-size', '100', 'client-takes-no-logs'],
    ] as const
  ).map(([name, value, cause]): Fault => ({
    title: `over ssh the client ends nearly every build by its ${name}`,
    scheme: 'ssh',
    client: { nixConf: { [name]: value } },
    breaks: () => undefined,
    scenario: 'client-lets-builds-end',
    cause,
    plainBuildWorks: 'a plain build takes less time, and prints nothing',
  })),
];
