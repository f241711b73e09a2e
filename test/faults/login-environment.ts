import type { Fault } from './fault.ts';

const bash = { user: { name: 'nix', shell: '/bin/bash', trusted: true } } as const;

/** A line of `.bashrc`, which bash reads for each command of sshd. */
const bashrc = (title: string, line: string, cause: string, more: Partial<Fault> = {}): Fault => ({
  title: `.bashrc ${title}`,
  builder: bash,
  breaks: ({ builder }) => builder.host.write('/home/nix/.bashrc', `${line}\n`),
  scenario: 'handshake',
  cause,
  ...more,
});

/** What a login on the builder sets, and which program it finds, before Nix's own can speak. */
export const loginEnvironmentFaults: readonly Fault[] = [
  bashrc(
    'replaces the shell by a program that is not there',
    'exec tmux-gone',
    'start-up-file-replaces-shell',
  ),
  bashrc('sends standard output to a file', 'exec >/tmp/log', 'start-up-file-redirects'),
  bashrc('takes standard input away', 'exec </dev/null', 'start-up-file-redirects'),
  bashrc('sets NIX_REMOTE', 'export NIX_REMOTE=ssh-ng://root@gone.invalid', 'login-leads-nix-elsewhere'),
  bashrc(
    'sets the socket of the daemon',
    'export NIX_DAEMON_SOCKET_PATH=/run/gone',
    'login-leads-nix-elsewhere',
  ),
  bashrc('uses a variable that is not set', 'set -eu\necho $GONE >/dev/null', 'start-up-file-fails', {
    fixNotRun: 'what the line is for is for its owner to say',
  }),
  bashrc('sets NIX_CONFIG to what is no setting', 'export NIX_CONFIG=max-jobs', 'login-sets-bad-nix-config'),
  bashrc('limits memory', 'ulimit -v 60000', 'nix-program-without-libraries', {
    notOn: { nixos: 'its newer Nix gets as far as its threads, and ends there' },
    fixNotRun: 'how much memory a login may have is for its owner to say',
  }),
  bashrc(
    'wraps the program in sudo',
    'nix-daemon() { sudo-gone /usr/bin/nix-daemon "$@"; }',
    'forced-program-missing',
    {
      fixNotRun: 'what the wrapper is for is for its owner to say',
    },
  ),
  {
    title: 'the account is tied to a program that is not there',
    builder: { sshd: { ForceCommand: '/opt/gone/wrapper' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'forced-program-missing',
    fixNotRun: 'what the wrapper is for is for its owner to say',
  },
  {
    title: "Nix's program may not be run",
    notOn: { nixos: 'every program is in the store there' },
    builder: { sshd: { SetEnv: 'PATH=/root/bin' } },
    breaks: ({ builder }) =>
      builder.host.sh(
        'mkdir -p /root/bin; ln -s /bin/* /root/bin/; rm -f /root/bin/nix-*; cp /usr/bin/nix-daemon /root/bin/; chmod 644 /root/bin/nix-daemon',
      ),
    scenario: 'handshake',
    cause: 'nix-program-not-runnable',
    fixNotRun: 'Nix has several programs, and the test took one',
  },
  {
    title: "the URI's remote-program is the program of the other scheme",
    breaks: ({ client, builder }) =>
      client.machines(`ssh-ng://root@${builder.name}?remote-program=nix-store x86_64-linux - 4`),
    scenario: 'handshake',
    cause: 'remote-program-wrong',
    fixNotRun: 'only its owner knows what is meant',
  },
  {
    title: 'the account is tied to nix-store --serve without --write',
    notOn: { nixos: 'the option is that of nix.sshServe, of which hosts make no account' },
    scheme: 'ssh',
    builder: { user: { name: 'nix', trusted: true }, sshd: { ForceCommand: 'nix-store --serve' } },
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'serve-without-write',
  },
  {
    title: 'the login sets TMPDIR to a folder that build users cannot enter',
    notOn: { nixos: 'its Nix builds elsewhere' },
    builder: { sshd: { SetEnv: 'TMPDIR=/tmp/user/0' } },
    breaks: ({ builder }) => builder.host.sh('mkdir -m 1711 /tmp/user; mkdir -m 1700 /tmp/user/0'),
    scenario: 'remote-build',
    cause: 'build-dir-closed',
  },
];
