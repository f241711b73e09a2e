import { addUser, configure, configureSsh, giveSmallStore } from './configure.ts';
import { notOnAny, type Fault, type Lab, since } from './fault.ts';

/** A second entry, healthy, so that something is left when the bad one is taken out. */
const besides =
  (entry: (lab: Lab) => string) =>
  (lab: Lab): void =>
    lab.client.machines(lab.builder.line(), entry(lab));

/** As a build does that goes on for ever. */
export function holdSlot(client: Lab['client'], slot: string): Promise<unknown> {
  return client.host.sh(
    `mkdir -p /nix/var/nix/current-load; setsid flock "/nix/var/nix/current-load/${slot}" sleep 1000 </dev/null >/dev/null 2>&1 & sleep 0.3`,
  );
}

const badEntry = { scenario: 'machines-file', cause: 'machines-file-bad-entry' } as const;
const rootConfig = '/root/.ssh/config';

export const clientFaults: readonly Fault[] = [
  {
    title: 'the number of jobs is no number',
    breaks: besides(({ builder }) => builder.line('ssh', 'x86_64-linux - lots')),
    ...badEntry,
  },
  {
    title: 'the number of jobs is "auto"',
    breaks: besides(({ builder }) => builder.line('ssh', 'x86_64-linux - auto')),
    ...badEntry,
  },
  {
    title: 'a decimal speed factor before Nix 2.20',
    notOn: { nixos: 'its Nix is newer' },
    breaks: besides(({ builder }) => builder.line('ssh', 'x86_64-linux - 1 1.5')),
    ...badEntry,
  },
  {
    title: 'the host key was pasted as it stands, blank and all',
    breaks: besides(({ builder }) => builder.line('ssh', `x86_64-linux - 1 1 - - ${builder.hostKey}`)),
    ...badEntry,
  },
  {
    title: 'a host key column that is no base64, Nix 2.34',
    client: { nix: '2.34' },
    breaks: besides(({ builder }) => builder.line('ssh', 'x86_64-linux - 1 1 - - SHA256:abc')),
    ...badEntry,
  },
  {
    title: 'a bad entry in the builders setting itself',
    breaks: ({ builder, args }) => args.push('--builders', builder.line('ssh', 'x86_64-linux - lots')),
    scenario: 'machines-file',
    cause: 'builders-setting-bad-entry',
    fixNotRun: 'the setting was given on the command line',
  },
  {
    title: 'the host key stands in the column of features',
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', `x86_64-linux - 1 1 ${builder.publicHostKey}`)),
    scenario: 'machines-traps',
    cause: 'machines-file-trap',
    outcome: 'warn',
    fixNotRun: 'only its owner knows what the columns were meant to be',
  },
  {
    title: 'the host key stands in the column of features, and is known nowhere else',
    builder: { trusted: false },
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', `x86_64-linux - 1 1 ${builder.publicHostKey}`)),
    scenario: 'host-key',
    cause: 'host-key-among-features',
  },
  {
    title: 'an include that does not exist',
    breaks: besides(() => '@/etc/nix/machines.d/more'),
    scenario: 'machines-traps',
    cause: 'machines-file-trap',
    outcome: 'warn',
    fixNotRun: 'only its owner knows where the file is',
  },
  {
    title: 'no jobs are allowed',
    breaks: ({ client, builder }) => client.machines(builder.line('ssh-ng', 'x86_64-linux - 0')),
    scenario: 'slots',
    cause: 'max-jobs-zero',
  },
  {
    title: 'only builds with a mandatory feature may go there',
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 1 1 - big-parallel')),
    scenario: 'weighting',
    cause: 'mandatory-features',
    outcome: 'warn',
  },
  {
    title: 'two entries with the same URI',
    breaks: besides(({ builder }) => builder.line('ssh-ng', 'x86_64-linux - 2 1')),
    scenario: 'weighting',
    cause: 'duplicate-uri',
    outcome: 'warn',
    fixNotRun: 'only its owner knows which of the two is right',
  },
  {
    title: 'a fast builder that takes everything before Nix 2.20',
    notOn: { nixos: 'its Nix is newer' },
    breaks: besides(({ client }) => {
      // Its slots are never used: it is the other entry that is looked at.
      const { address } = client.host;
      return `ssh-ng://root@${address} x86_64-linux - 4 10`;
    }),
    scenario: 'weighting',
    cause: 'starved',
    outcome: 'warn',
    fixNotRun: 'only its owner knows how fast the machines are',
  },
  {
    title: 'every slot is held',
    breaks: ({ client, builder }) => {
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 1'));
      return holdSlot(client, `ssh-ng:__root@${builder.name}-0`);
    },
    scenario: 'free-slots',
    cause: 'all-slots-busy',
    outcome: 'warn',
    fixNotRun: 'who holds them is a process of the test',
  },
  {
    title: 'the entry is for localhost',
    breaks: ({ client, builder }) => client.machines('ssh-ng://localhost x86_64-linux - 1', builder.line()),
    scenario: 'not-localhost',
    cause: 'same-store',
  },
  {
    title: 'the build hook was taken away',
    client: { nixConf: { 'build-hook': '' } },
    breaks: () => undefined,
    scenario: 'build-hook',
    cause: 'build-hook-empty',
  },
  {
    title: 'the build hook is a program that is gone, Nix 2.34',
    client: { nix: '2.34', nixConf: { 'build-hook': '/nix/store/gone/bin/nix __build-remote' } },
    breaks: () => undefined,
    scenario: 'build-hook',
    cause: 'build-hook-missing',
  },
  ...(['2.8', '2.34'] as const).flatMap((nix): Fault[] => [
    {
      title: `the post-build-hook of the client fails, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix },
      breaks: ({ client }) => {
        client.host.write('/etc/nix/upload.sh', '#!/bin/sh\necho 401 Unauthorized >&2\nexit 1\n', 0o755);
        return configure(client.host, 'post-build-hook = /etc/nix/upload.sh');
      },
      scenario: 'local-to-remote-build',
      cause: 'client-hook-fails',
    },
    {
      title: `the post-build-hook of the client is gone, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix },
      breaks: ({ client }) => configure(client.host, 'post-build-hook = /etc/nix/upload.sh'),
      scenario: 'local-to-remote-build',
      cause: 'client-hook-fails',
    },
    {
      title: `the folder for slots is a file, ${nix}`,
      ...since(nix),
      client: { nix },
      builder: { nix },
      breaks: ({ client }) =>
        client.host.sh('rm -rf /nix/var/nix/current-load; : > /nix/var/nix/current-load'),
      scenario: 'local-to-remote-build',
      cause: 'client-slots-unusable',
    },
  ]),
  ...(['2.8', '2.26', '2.34'] as const).map((nix): Fault => ({
    title: `nix.conf of the client includes a file that is gone, ${nix}`,
    ...since(nix),
    client: { nix },
    breaks: ({ client }) => configure(client.host, 'include /etc/nix/gone.conf'),
    scenario: 'client-nix',
    cause: 'client-nix-conf-broken',
  })),
  {
    title: 'nix.conf of the client has a line that is no setting',
    breaks: ({ client }) => configure(client.host, 'max-jobs auto'),
    scenario: 'client-nix',
    cause: 'client-nix-conf-broken',
  },
  {
    title: 'the build hook is a program that says nothing',
    notOn: { nixos: 'it has no /bin/true' },
    client: { nixConf: { 'build-hook': '/bin/true' } },
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'build-hook-ends',
  },
  {
    title: 'the store of the client is full',
    notOn: { nixos: 'every program is in the store there' },
    breaks: ({ client }) =>
      giveSmallStore(client.host, 'size=400k', 'dd if=/dev/zero of=$d/x bs=1k 2>/dev/null'),
    scenario: 'client-disk',
    cause: 'client-disk-full',
    fixNotRun: 'a store of 400 kB has never room',
  },
  {
    title: 'root of the client is in no user database',
    // systemd's own module of the C library always knows root.
    client: { nix: '2.34' },
    notOn: {
      nixos: 'its modules write the user database',
      alpine: 'its Nix already fails then, which is the next row',
    },
    breaks: ({ client }) => client.host.sh("sed '/^root:/d' /etc/passwd > /tmp/p; cat /tmp/p > /etc/passwd"),
    on: { 'debian-12': { scenario: 'client-nix' } },
    scenario: 'ssh-config',
    cause: 'client-user-unknown',
    fixNotRun: 'only its owner knows where the entry went',
  },
  ...(
    [
      ['2.8', 'client-nix'],
      ['2.34', 'daemon-view'],
    ] as const
  ).map(([nix, scenario]): Fault => ({
    title: `root of an Alpine client is in no user database, ${nix}`,
    client: { nix, profile: 'alpine' },
    notOn: notOnAny('it is another row there', 'debian-12', 'debian-sid', 'nixos', 'arm64'),
    breaks: ({ client }) => client.host.sh("sed '/^root:/d' /etc/passwd > /tmp/p; cat /tmp/p > /etc/passwd"),
    scenario,
    cause: 'client-user-unknown',
    fixNotRun: 'only its owner knows where the entry went',
  })),
  {
    title: 'the builders setting is empty',
    client: { nixConf: { builders: '' } },
    breaks: ({ args }) => args.push('-m', '/etc/nix/machines'),
    scenario: 'builders-setting',
    cause: 'builders-setting-empty',
    outcome: 'warn',
  },
  {
    title: 'the builders setting names another file',
    client: { nixConf: { builders: '@/etc/nix/other' } },
    breaks: ({ args }) => args.push('-m', '/etc/nix/machines'),
    scenario: 'builders-setting',
    cause: 'builders-setting-other',
    outcome: 'warn',
  },
  {
    title: 'the daemon was not restarted after an edit',
    notOn: { nixos: 'who writes nix.conf restarts the daemon: the switch' },
    breaks: ({ client }) => client.host.sh('sleep 3; echo max-silent-time = 0 >> /etc/nix/nix.conf'),
    scenario: 'daemon-restarted',
    cause: 'daemon-settings-stale',
    outcome: 'warn',
  },
  {
    title: 'an untrusted user names builders in a nix.conf of their own',
    breaks: async ({ client, env }) => {
      env['SUDO_USER'] = 'alice';
      await addUser(client.host, 'alice');
      await client.host.sh(
        "mkdir -p /home/alice/.config/nix; echo 'builders = ssh://alpha' > /home/alice/.config/nix/nix.conf",
      );
    },
    scenario: 'caller-trusted',
    cause: 'caller-not-trusted',
    outcome: 'warn',
  },
  {
    title: 'no ssh on the PATH of the daemon',
    notOn: { nixos: 'its unit brings ssh along' },
    breaks: ({ client }) =>
      client.host.sh(
        'mkdir /tmp/bin; ln -s /usr/bin/* /tmp/bin; rm /tmp/bin/ssh; pkill -KILL nix-daemon; rm /nix/var/nix/daemon-socket/socket; PATH=/tmp/bin setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 & sleep 0.5',
      ),
    scenario: 'ssh-config',
    cause: 'ssh-not-on-daemon-path',
    fixNotRun: 'no unit starts this daemon',
  },
  {
    title: 'an option that this ssh does not know',
    breaks: ({ client }) => client.host.write(rootConfig, 'Host *\n  UseKeychain yes\n'),
    scenario: 'ssh-config',
    cause: 'ssh-config-bad-option',
  },
  {
    title: "root's ssh configuration can be written by others",
    breaks: ({ client }) => client.host.sh(`touch ${rootConfig}; chmod 666 ${rootConfig}`),
    scenario: 'ssh-config',
    cause: 'ssh-config-bad-owner',
  },
  {
    title: 'RemoteCommand for every host',
    breaks: ({ client }) => client.host.write(rootConfig, 'Host *\n  RemoteCommand tmux\n'),
    scenario: 'ssh-config',
    cause: 'ssh-config-remote-command',
  },
  {
    title: 'RequestTTY for every host',
    breaks: ({ client }) => client.host.write(rootConfig, 'RequestTTY force\n'),
    scenario: 'ssh-config',
    cause: 'ssh-config-request-tty',
  },
  {
    title: 'a pinned host key behind an alias',
    builder: { trusted: false },
    breaks: ({ client, builder }) => {
      configureSsh(
        client.host,
        `Host nickname\n  HostName ${builder.name}\n  ConnectTimeout 9\n  ServerAliveInterval 9\n`,
      );
      client.machines(`ssh-ng://root@nickname x86_64-linux - 4 1 - - ${builder.publicHostKey}`);
    },
    scenario: 'ssh-config',
    cause: 'host-key-hidden-by-alias',
  },
  {
    title: 'ssh shares connections',
    breaks: ({ client }) =>
      client.host.write(rootConfig, 'Host *\n  ControlMaster auto\n  ControlPath ~/.ssh/%C\n'),
    scenario: 'ssh-sharing',
    cause: 'ssh-control-master',
    outcome: 'warn',
  },
  {
    title: 'ssh has no time limits',
    breaks: ({ client }) => configureSsh(client.host, '# empty\n'),
    scenario: 'ssh-timeouts',
    cause: 'ssh-without-timeouts',
    outcome: 'advice',
  },
  {
    title: 'a key that does not exist, while another one opens the builder',
    breaks: ({ client, builder }) => {
      client.host.write(rootConfig, 'IdentityFile ~/.ssh/id_ed25519\n');
      client.machines(builder.line('ssh-ng', 'x86_64-linux /etc/nix/key 1'));
    },
    scenario: 'key-file',
    cause: 'key-missing',
    outcome: 'warn',
  },
  {
    title: 'the shell of the caller sets NIX_STORE_DIR',
    breaks: ({ env }) => {
      env['NIX_STORE_DIR'] = '/srv/store';
    },
    scenario: 'daemon-view',
    cause: 'caller-moves-store',
    fixNotRun: 'the shell is that of a person',
  },
];
