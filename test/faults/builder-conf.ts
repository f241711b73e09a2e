import { configure } from './configure.ts';
import { type Fault, since } from './fault.ts';

const both = ['2.8', '2.34'] as const;
const wrongPath = { fixNotRun: 'the path that was meant is not known' };

const sandboxPath = {
  breaks: () => undefined,
  scenario: 'remote-build',
  cause: 'builder-sandbox-path-missing',
  ...wrongPath,
} as const;

/** What nix.conf of the builder names and what is not there. */
export const builderConfFaults: readonly Fault[] = [
  ...both.flatMap((nix): Fault[] => [
    {
      title: `secret-key-files names a file that is gone, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix, nixConf: { 'secret-key-files': '/etc/nix/gone.sec' } },
      breaks: () => undefined,
      scenario: 'builder-nix-conf',
      cause: 'builder-signing-key-missing',
    },
    {
      title: `post-build-hook names a program that is gone, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix, nixConf: { 'post-build-hook': '/etc/nix/upload.sh' } },
      breaks: () => undefined,
      scenario: 'builder-nix-conf',
      cause: 'builder-hook-missing',
      ...wrongPath,
    },
    {
      title: `post-build-hook may not be run, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix, nixConf: { 'post-build-hook': '/etc/nix/upload.sh' } },
      breaks: ({ builder }) => builder.host.write('/etc/nix/upload.sh', '#!/bin/sh\n:\n', 0o644),
      scenario: 'builder-nix-conf',
      cause: 'builder-hook-not-executable',
    },
    {
      title: `post-build-hook does not end, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: {
        nix,
        user: { name: 'nix', trusted: true },
        nixConf: { 'post-build-hook': '/etc/nix/upload.sh' },
      },
      breaks: ({ builder }) => builder.host.write('/etc/nix/upload.sh', '#!/bin/sh\nsleep 900\n', 0o755),
      scenario: 'remote-build',
      cause: 'builder-hook-hangs',
    },
    {
      title: `secret-key-files names a public key, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix, nixConf: { 'secret-key-files': '/etc/nix/key.pub' } },
      breaks: ({ builder }) =>
        builder.host.sh(
          'nix-store --generate-binary-cache-key test-1 /etc/nix/key /etc/nix/key.pub; chmod 600 /etc/nix/key.pub',
        ),
      scenario: 'remote-build',
      cause: 'builder-signing-key-broken',
    },
  ]),
  ...both.map((nix): Fault => ({
    title: `plugin-files names a file that is gone, ${nix}`,
    ...since(nix),
    client: { nix },
    builder: { nix, user: { name: 'nix', trusted: true } },
    breaks: ({ builder }) => configure(builder.host, 'plugin-files = /etc/nix/gone.so'),
    scenario: 'handshake',
    cause: 'builder-plugin-broken',
  })),
  {
    title: 'trusted-public-keys holds what is no key, and the user is not trusted',
    client: { nix: '2.34' },
    builder: { nix: '2.34', user: { name: 'nix' } },
    breaks: ({ builder }) => configure(builder.host, 'trusted-public-keys = garbage'),
    scenario: 'local-to-remote-build',
    cause: 'trusted-key-broken',
    then: ['unsigned-input'],
  },
  {
    title: 'secret-key-files names a file that holds no key',
    builder: { nix: '2.34', nixConf: { 'secret-key-files': '/etc/nix/key' } },
    breaks: ({ builder }) => builder.host.write('/etc/nix/key', 'no key\n', 0o600),
    scenario: 'remote-build',
    cause: 'builder-signing-key-broken',
  },
  {
    title: 'nix.conf names certificates that are gone, and a substituter on the network',
    builder: {
      nix: '2.34',
      nixConf: { 'ssl-cert-file': '/etc/nix/gone.crt', substituters: 'http://127.0.0.1:9' },
    },
    breaks: () => undefined,
    scenario: 'fetches',
    cause: 'no-ca-certificates',
    outcome: 'advice',
    fixNotRun: 'the root folder of the host has no certificates at all',
  },
  {
    title: "/homeless-shelter exists on a builder that runs only Nix's program",
    notOn: { plain: 'its root folder is that of this machine, and of every other host' },
    builder: {
      ...{ profile: 'alpine', user: { name: 'nix', trusted: true } },
      ...{ nixConf: { sandbox: 'false' }, sshd: { ForceCommand: 'nix-daemon --stdio' } },
    },
    breaks: ({ builder }) => builder.host.sh('mkdir /homeless-shelter'),
    scenario: 'local-to-remote-build',
    cause: 'homeless-shelter-exists',
  },
  {
    title: 'sandbox-paths names a path that is gone, 2.8',
    notOn: { nixos: 'its Nix is newer' },
    builder: { nixConf: { sandbox: 'true', 'sandbox-paths': '/bin /lib /lib64 /usr /var/cache/ccache' } },
    ...sandboxPath,
  },
  {
    title: 'sandbox-paths names a path that is gone, 2.34',
    client: { nix: '2.34' },
    builder: { nix: '2.34', nixConf: { sandbox: 'true', 'extra-sandbox-paths': '/var/cache/ccache' } },
    ...sandboxPath,
  },
  ...both.map((nix): Fault => ({
    title: `a feature is listed, and its experimental feature is not enabled, ${nix}`,
    ...since(nix),
    client: { nix },
    builder: { nix, nixConf: { 'system-features': 'big-parallel ca-derivations' } },
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 4 1 big-parallel,ca-derivations')),
    scenario: 'builder-features',
    cause: 'feature-not-enabled',
    plainBuildWorks: 'only content-addressed builds fail',
  })),
  {
    title: 'the entry promises a feature, and the builder has none',
    builder: { nixConf: { 'system-features': '' } },
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 4 1 big-parallel')),
    scenario: 'builder-features',
    cause: 'feature-not-supported',
  },
  {
    title: 'pre-build-hook names a folder',
    builder: {
      nixConf: {
        ...{ sandbox: 'true', 'sandbox-fallback': 'false', 'sandbox-paths': '/bin /lib /lib64 /usr' },
        'pre-build-hook': '/etc/nix',
      },
    },
    breaks: () => undefined,
    scenario: 'builder-nix-conf',
    cause: 'builder-hook-missing',
    ...wrongPath,
  },
  {
    title: 'the users that the group of build users names are gone',
    notOn: { nixos: 'its users are made anew', 'bsd-tools': 'macOS has another user database' },
    builder: { nix: '2.34' },
    breaks: ({ builder }) =>
      builder.host.sh('users=$(grep -v nixbld /etc/passwd); echo "$users" > /etc/passwd'),
    scenario: 'remote-build',
    cause: 'build-users-missing',
  },
  {
    title: 'the group of the build users has no members',
    notOn: { 'bsd-tools': 'the doctor does not count the members of groups on macOS' },
    breaks: ({ builder }) =>
      builder.host.sh(
        "sed 's/^nixbld:x:30000:.*/nixbld:x:30000:/' /etc/group > /tmp/g; cat /tmp/g > /etc/group",
      ),
    scenario: 'builder-nix-conf',
    cause: 'build-users-missing',
  },
  {
    title: 'only root may read nix.conf',
    notOn: { nixos: 'it is in the store, where all may read' },
    builder: { user: { name: 'nix', trusted: true }, nix: '2.34' },
    client: { nix: '2.34' },
    breaks: ({ builder }) => builder.host.sh('chmod 600 /etc/nix/nix.conf'),
    scenario: 'builder-nix-conf',
    cause: 'builder-nix-conf-unreadable',
    outcome: 'error',
    fixNotRun: 'whether what it holds may be read by others is for its owner to say',
  },
  {
    title: 'TMPDIR of the login names a folder that is gone',
    builder: { sshd: { SetEnv: 'TMPDIR=/tmp/gone' } },
    breaks: () => undefined,
    scenario: 'disk',
    cause: 'builder-tmpdir-missing',
  },
  {
    title: 'df fails',
    builder: {
      user: { name: 'nix', trusted: true },
      sshd: { SetEnv: 'PATH=/home/nix/bin:/run/current-system/sw/bin:/usr/bin:/bin' },
    },
    breaks: ({ builder }) =>
      builder.host.write('/home/nix/bin/df', '#!/bin/sh\necho df: no permission >&2; exit 1\n', 0o755),
    scenario: 'disk',
    cause: 'room-unknown',
    outcome: 'error',
    fixNotRun: 'a stand-in for a df that may not look',
  },
];
