import { restartDaemon } from './configure.ts';
import { type Fault, since } from './fault.ts';

const bash = { user: { name: 'nix', shell: '/bin/bash', trusted: true } } as const;
const zsh = { user: { name: 'nix', shell: '/usr/bin/zsh', trusted: true } } as const;
const tcsh = { user: { name: 'nix', shell: '/bin/tcsh', trusted: true } } as const;
const fish = { user: { name: 'nix', shell: '/usr/bin/fish', trusted: true } } as const;

const startUp = (
  title: string,
  builder: Fault['builder'],
  [file, text]: [file: string, text: string],
  cause = 'start-up-file-replaces-shell',
): Fault => ({
  title,
  ...(/zsh|tcsh|fish|python/.test(`${JSON.stringify(builder)}${text}`)
    ? { notOn: { nixos: 'bash is its only shell' } }
    : {}),
  ...(builder === undefined ? {} : { builder }),
  breaks: ({ builder: { host } }) =>
    host.sh(`mkdir -p $(dirname ${file}); printf '%s\\n' '${text}' > ${file}`),
  scenario: 'handshake',
  cause,
});

/** /dev/null of one host is another device node, or a plain file; the machine's own is left alone. */
const devNull = (
  title: string,
  make: string,
  fault: Pick<Fault, 'builder' | 'scheme' | 'scenario' | 'cause' | 'outcome' | 'notOn'>,
): Fault => ({
  title,
  ...fault,
  breaks: async ({ builder: { host } }) => {
    await host.sh(`${make}; mount --bind /tmp/null /dev/null`);
    // A daemon that runs already has mounts of its own, and goes on with the old one.
    if (fault.outcome !== 'warn') await restartDaemon(host);
  },
});

const closed = 'mknod -m 600 /tmp/null c 1 3';
const mounted = { fixNotRun: 'the test mounts the file there, so that it cannot be removed' };

/** What a login shell and its start-up files do to Nix's program and to other commands. */
export const loginShellFaults: readonly Fault[] = [
  startUp('.bashrc ends with exec tcsh', bash, ['/home/nix/.bashrc', 'PATH=$PATH:/opt/bin\nexec tcsh']),
  startUp('.bashrc ends with exec zsh', bash, ['/home/nix/.bashrc', 'exec zsh']),
  startUp('.bashrc ends with exec cat', bash, ['/home/nix/.bashrc', 'exec cat']),
  startUp('.zshenv runs fish in its place', zsh, ['/home/nix/.zshenv', 'exec fish']),
  startUp('.tcshrc runs bash in its place', tcsh, ['/home/nix/.tcshrc', 'exec bash']),
  startUp('config.fish runs bash in its place', fish, ['/home/nix/.config/fish/config.fish', 'exec bash']),
  startUp(
    '.bashrc asks a question',
    bash,
    ['/home/nix/.bashrc', 'while :; do read -r answer && [ "$answer" = yes ] && break; done'],
    'start-up-file-waits',
  ),
  startUp(
    '.bashrc exits',
    bash,
    ['/home/nix/.bashrc', '[ -n "$PS1" ] || exit 0'],
    'start-up-file-ends-shell',
  ),
  startUp('.bashrc reads a line', bash, ['/home/nix/.bashrc', 'read -r answer'], 'start-up-file-reads-input'),
  startUp('.bashrc ends with exec python3', bash, ['/home/nix/.bashrc', 'exec python3']),
  devNull('/dev/null is closed to the user', closed, {
    ...{ builder: bash, scenario: 'remote-build', cause: 'dev-null-closed' },
  }),
  devNull('/dev/null is closed to all but root', closed, {
    ...{ scheme: 'ssh', scenario: 'shell', cause: 'dev-null-broken' },
  }),
  {
    ...devNull('/dev/null is a plain file', ': > /tmp/null', {
      ...{ builder: bash, scenario: 'remote-build', cause: 'dev-null-closed' },
    }),
    ...mounted,
  },
  ...(['2.8', '2.34'] as const).map((nix) =>
    devNull(`/dev/null is closed to logins, and the daemon still has the old one, ${nix}`, closed, {
      ...since(nix),
      ...{ builder: { ...bash, nix }, scenario: 'dev-null', cause: 'dev-null-odd', outcome: 'warn' },
    }),
  ),
  {
    ...devNull('/dev/null is a plain file for logins, and the daemon still has the device', ': > /tmp/null', {
      ...{ builder: bash, scenario: 'dev-null', cause: 'dev-null-odd', outcome: 'warn' },
    }),
    ...mounted,
  },
  {
    title: 'the login shell finds no sh',
    notOn: { nixos: '/etc/bashrc sets the PATH of every login' },
    builder: { user: { name: 'nix', shell: '/home/nix/shell', trusted: true } },
    breaks: ({ builder: { host } }) =>
      host.sh(
        `mkdir -p /home/nix/bin; ln -s "$(dirname "$(command -v nix)")"/nix* /home/nix/bin/; printf '#!/bin/sh\\nPATH=/home/nix/bin; export PATH\\nexec %s "$@"\\n' "$(command -v bash)" > /home/nix/shell; chmod 755 /home/nix/shell`,
      ),
    scenario: 'shell',
    cause: 'sh-not-started',
    outcome: 'error',
    fixNotRun: 'which PATH is right is for the owner of the login shell to say',
  },
];
