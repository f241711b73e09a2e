import { holdSlot } from './client.ts';
import { addKvm, configureMachines, configureSshd, giveSmallStore } from './configure.ts';
import { type Fault, type Lab, since } from './fault.ts';

const untrusted = { user: { name: 'nix' } } as const;
const trusted = { user: { name: 'nix', trusted: true } } as const;

/** Nix is installed where its installer puts it, and not where a plain login looks. */
export async function hideNix({ builder: { host } }: Lab): Promise<void> {
  await host.sh(
    'mount -t tmpfs tmpfs /usr/local/bin; mkdir /tmp/bin; ln -s /usr/bin/* /tmp/bin; rm /tmp/bin/nix*; mkdir -p /nix/var/nix/profiles/default; ln -s /usr/bin /nix/var/nix/profiles/default/bin',
  );
  await configureSshd(host, { SetEnv: 'PATH=/usr/local/bin:/tmp/bin' });
}

/** A store with little room, filled with garbage. */
function smallStore(mount: string, fill: string): (lab: Lab) => Promise<unknown> {
  return ({ builder }) => giveSmallStore(builder.host, mount, fill);
}

export const nixFaults: readonly Fault[] = [
  {
    title: 'the login shell refuses everybody',
    builder: { user: { name: 'nix', shell: '/usr/sbin/nologin', trusted: true } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'shell-nologin',
  },
  {
    title: 'a start-up file prints a greeting, ssh-ng',
    builder: { user: { name: 'nix', shell: '/bin/bash', trusted: true } },
    breaks: ({ builder }) =>
      builder.host.sh("echo 'echo Welcome to the machine' > /home/nix/.bashrc; chown nix: /home/nix/.bashrc"),
    scenario: 'handshake',
    cause: 'shell-noise',
  },
  {
    title: 'a start-up file prints a greeting, ssh',
    scheme: 'ssh',
    builder: { user: { name: 'nix', shell: '/bin/bash', trusted: true } },
    breaks: ({ builder }) =>
      builder.host.sh("echo 'echo Welcome to the machine' > /home/nix/.bashrc; chown nix: /home/nix/.bashrc"),
    scenario: 'handshake',
    cause: 'shell-noise',
  },
  ...[
    ['zsh', '.zshenv'],
    ['fish', '.config/fish/config.fish'],
  ].map(([shell = '', file = '']): Fault => ({
    title: `a start-up file of ${shell} prints a greeting`,
    builder: { user: { name: 'nix', shell: `/usr/bin/${shell}`, trusted: true } },
    breaks: ({ builder }) => builder.host.write(`/home/nix/${file}`, 'echo Welcome to the machine\n'),
    scenario: 'handshake',
    cause: 'shell-noise',
  })),
  {
    title: "sshd's own start-up file prints a greeting",
    breaks: ({ builder }) => builder.host.write('/etc/ssh/sshrc', 'echo welcome to the farm\n'),
    scenario: 'handshake',
    cause: 'shell-noise',
  },
  {
    title: 'a start-up file prints less than a word',
    builder: { user: { name: 'nix', shell: '/bin/bash', trusted: true } },
    breaks: ({ builder }) =>
      builder.host.sh("echo 'echo hi' > /home/nix/.bashrc; chown nix: /home/nix/.bashrc"),
    scenario: 'handshake',
    cause: 'shell-noise',
  },
  {
    title: 'the account is tied to nix-store, the entry says ssh-ng',
    builder: { sshd: { ForceCommand: 'nix-store --serve --write' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'forced-command-other-protocol',
  },
  {
    title: 'the account is tied to nix-daemon, the entry says ssh',
    scheme: 'ssh',
    builder: { sshd: { ForceCommand: 'nix-daemon --stdio' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'forced-command-other-protocol',
  },
  {
    title: 'the account is tied to a command that just ends',
    builder: { sshd: { ForceCommand: 'exit 0' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'start-up-file-ends-shell',
    fixNotRun: 'only its owner knows what the account is for',
  },
  {
    title: 'the account is tied to a command that prints something else',
    builder: { sshd: { ForceCommand: 'echo you shall not pass' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'shell-noise',
    fixNotRun: 'only its owner knows what the account is for',
  },
  {
    title: 'Nix is not on the PATH of a plain login, ssh-ng',
    notOn: {
      nixos: 'PAM sets the PATH, with Nix on it',
      'bsd-tools': 'its /etc/zshenv puts Nix on the PATH',
    },
    breaks: hideNix,
    scenario: 'handshake',
    cause: 'nix-not-on-path',
  },
  {
    title: 'Nix is not on the PATH of a plain login, ssh',
    notOn: {
      nixos: 'PAM sets the PATH, with Nix on it',
      'bsd-tools': 'its /etc/zshenv puts Nix on the PATH',
    },
    scheme: 'ssh',
    breaks: hideNix,
    scenario: 'handshake',
    cause: 'nix-not-on-path',
  },
  {
    title: "Tailscale's SSH server garbles the protocol",
    builder: { sshd: { VersionAddendum: 'Tailscale', ForceCommand: 'echo -n /nix/sto' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'tailscale-ssh',
    fixNotRun: 'a stand-in speaks in its place: the real one needs an account',
  },
  {
    title: 'the daemon does not run, ssh-ng',
    // Its logins set NIX_REMOTE=daemon, with which Nix says less.
    on: { nixos: { cause: 'daemon-does-not-answer' } },
    builder: { ...trusted, nix: '2.26' },
    breaks: ({ builder }) => builder.host.stopDaemon(),
    scenario: 'handshake',
    cause: 'daemon-down',
  },
  {
    title: 'the daemon does not run, ssh',
    // Its logins set NIX_REMOTE=daemon, with which Nix asks for the daemon later.
    on: { nixos: { scenario: 'nix-store-permissions' } },
    scheme: 'ssh',
    builder: { ...trusted, nix: '2.26' },
    breaks: ({ builder }) => builder.host.stopDaemon(),
    scenario: 'handshake',
    cause: 'daemon-down',
  },
  {
    title: 'the daemon died and left its socket',
    notOn: {
      arm64: 'its Nix is older, and names another cause',
      nixos: 'systemd holds the socket there',
      'debian-12': 'systemd holds the socket and starts the daemon again',
    },
    builder: { ...trusted, nix: '2.34' },
    breaks: ({ builder }) => builder.host.sh('pkill -KILL nix-daemon'),
    scenario: 'handshake',
    cause: 'daemon-does-not-answer',
  },
  {
    title: "the daemon's socket is closed to the user",
    notOn: {
      nixos: 'it is closed to no group there',
      'debian-12': 'it is closed to everybody but the group nix-users by default, and the user is in it',
    },
    builder: trusted,
    breaks: ({ builder }) =>
      builder.host.sh(
        'grep -q ^nix-users: /etc/group || echo nix-users:x:1600: >> /etc/group; chgrp nix-users /nix/var/nix/daemon-socket; chmod 770 /nix/var/nix/daemon-socket',
      ),
    scenario: 'handshake',
    cause: 'daemon-socket-closed',
  },
  {
    title: 'the user is not allowed to use the daemon, ssh-ng',
    builder: { ...untrusted, nixConf: { 'allowed-users': 'root' }, nix: '2.34' },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'user-not-allowed',
    then: ['untrusted-user'],
    on: { nixos: { then: ['unsigned-input'] } },
  },
  {
    title: 'the user is not allowed to use the daemon, ssh',
    scheme: 'ssh',
    builder: { ...untrusted, nixConf: { 'allowed-users': 'root' } },
    breaks: () => undefined,
    scenario: 'nix-store-permissions',
    cause: 'daemon-down',
    then: ['untrusted-user'],
  },
  {
    title: 'the store is full',
    notOn: { nixos: 'every program is in the store there' },
    breaks: smallStore('size=40m', 'dd if=/dev/zero of=$d/x bs=1M 2>/dev/null'),
    scenario: 'disk',
    cause: 'builder-disk-full',
    fixNotRun: 'a store of 40 MB never has 100 free; the next fault runs the fix',
  },
  {
    title: 'no room for temporary files',
    breaks: ({ builder }) =>
      builder.host.sh('mount -t tmpfs -o size=64k tmpfs /tmp; dd if=/dev/zero of=/tmp/x bs=1k 2>/dev/null'),
    scenario: 'disk',
    cause: 'builder-tmp-full',
    fixNotRun: 'only its owner knows which files may go',
  },
  {
    title: 'a mount that does not answer; the commands that share its session are answered',
    builder: { sshd: { SetEnv: 'PATH=/root/bin:/run/current-system/sw/bin:/usr/local/bin:/usr/bin:/bin' } },
    // A stand-in for df: a server that is gone would hang a test too.
    breaks: ({ builder }) => builder.host.write('/root/bin/df', '#!/bin/sh\nexec sleep 600\n', 0o755),
    scenario: 'disk',
    cause: 'builder-mount-hangs',
    outcome: 'error',
    fixNotRun: 'only its owner can bring the server back',
  },
  {
    title: "a line in the builder's nix.conf that Nix cannot read",
    notOn: { nixos: 'the option has a type, which refuses it' },
    builder: { nixConf: { 'max-jobs': '4 [' }, daemon: false },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'builder-nix-conf-broken',
    fixNotRun: 'only its owner knows what the line was meant to say',
  },
  {
    title: "the daemon's database is damaged",
    builder: trusted,
    breaks: ({ builder }) =>
      builder.host.sh(
        'nix-store --add /etc/hostname; pkill -KILL nix-daemon; rm -f /nix/var/nix/daemon-socket/socket /nix/var/nix/db/db.sqlite-*; echo garbage > /nix/var/nix/db/db.sqlite; setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 & sleep 0.5',
      ),
    scenario: 'handshake',
    cause: 'daemon-does-not-answer',
    fixNotRun: 'a damaged database must come from a backup',
  },
  ...(['2.8', '2.34'] as const).map((nix) => ({
    title: `the number of the database's schema is gone, Nix ${nix}`,
    ...since(nix),
    builder: { nix },
    breaks: ({ builder }: Lab) =>
      builder.host.sh('nix-store --add /etc/hostname; : > /nix/var/nix/db/schema'),
    scenario: 'handshake',
    cause: 'store-schema-empty',
  })),
  {
    title: 'the store is full of garbage',
    notOn: { nixos: 'every program is in the store there' },
    breaks: smallStore('size=400m', 'dd if=/dev/zero of=$d/x bs=1M 2>/dev/null'),
    scenario: 'disk',
    cause: 'builder-disk-full',
  },
  {
    title: 'the store has no room for more files',
    notOn: { nixos: 'every program is in the store there' },
    breaks: smallStore('size=400m,nr_inodes=3000', 'n=0; while : > $d/$n; do n=$((n + 1)); done 2>/dev/null'),
    scenario: 'disk',
    cause: 'builder-inodes-full',
  },
  {
    title: 'the entry promises a system that the builder is not',
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', 'x86_64-linux,riscv64-linux - 4')),
    scenario: 'builder-systems',
    cause: 'system-not-supported',
    plainBuildWorks: 'it is of the first system of the entry',
  },
  {
    title: 'the entry promises a feature that the builder lacks',
    notOn: { nixos: 'its Nix has the feature kvm by default' },
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 4 1 kvm,big-parallel')),
    scenario: 'builder-features',
    cause: 'feature-not-supported',
  },
  {
    title: '/dev/kvm is closed to build users',
    notOn: { 'bsd-tools': 'no Mac has /dev/kvm' },
    needsKvm: true,
    builder: { nixConf: { 'system-features': 'kvm' } },
    breaks: async ({ client, builder }) => {
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 4 1 kvm'));
      await addKvm(builder.host, '660', 'root');
    },
    scenario: 'kvm',
    cause: 'kvm-not-accessible',
    plainBuildWorks: 'it does not open the device',
  },
  {
    title: 'the builder has fewer build users than jobs',
    builder: { sshd: { MaxStartups: '100' } },
    breaks: ({ client, builder }) => client.machines(builder.line('ssh-ng', 'x86_64-linux - 64')),
    scenario: 'builder-capacity',
    cause: 'build-users-few',
    outcome: 'warn',
  },
  {
    title: 'few build users, and sshd takes few logins at a time',
    notOn: { 'bsd-tools': 'launchd starts an sshd for each connection' },
    builder: { sshd: { MaxStartups: '2:30:10' } },
    breaks: ({ client, builder }) => client.machines(builder.line('ssh-ng', 'x86_64-linux - 64')),
    scenario: 'builder-capacity',
    cause: 'build-users-few',
    outcome: 'warn',
  },
  {
    title: 'sshd takes fewer logins at a time than the entry sends builds',
    notOn: { 'bsd-tools': 'launchd starts an sshd for each connection' },
    builder: { sshd: { MaxStartups: '2:30:10' } },
    breaks: () => undefined,
    scenario: 'login-capacity',
    cause: 'max-startups-low',
    outcome: 'warn',
  },
  ...(
    [
      ['timeout', '3', 'builder-ends-builds-at-once'],
      ['max-silent-time', '3', 'builder-ends-quiet-builds-at-once'],
      ['max-build-log-size', '100', 'builder-takes-no-logs'],
    ] as const
  ).map(([name, value, cause]): Fault => ({
    title: `the builder ends nearly every build by its ${name}`,
    builder: { nix: '2.34', nixConf: { [name]: value } },
    breaks: () => undefined,
    scenario: 'builder-lets-builds-end',
    cause,
    plainBuildWorks: 'a plain build takes less time, and prints nothing',
  })),
  {
    title: 'the builder ends silent builds',
    builder: { nixConf: { 'max-silent-time': '300' } },
    breaks: () => undefined,
    scenario: 'builder-limits',
    cause: 'builder-ends-silent-builds',
    outcome: 'warn',
  },
  {
    title: 'the builder ends builds that print much',
    builder: { nixConf: { 'max-build-log-size': '100000' } },
    breaks: () => undefined,
    scenario: 'builder-limits',
    cause: 'builder-ends-loud-builds',
    outcome: 'warn',
  },
  {
    title: 'the builder ends long builds',
    builder: { nixConf: { timeout: '100' } },
    breaks: () => undefined,
    scenario: 'builder-limits',
    cause: 'builder-ends-long-builds',
    outcome: 'warn',
  },
  {
    title: 'the builder collects garbage during builds',
    builder: { nix: '2.34', nixConf: { 'min-free': '1000000' } },
    breaks: () => undefined,
    scenario: 'builder-limits',
    cause: 'builder-collects-during-builds',
    outcome: 'warn',
  },
  {
    title: 'the builder sends builds back',
    breaks: ({ client, builder }) =>
      configureMachines(
        builder.host,
        `ssh://root@${client.host.name} x86_64-linux`,
        'ssh://other x86_64-linux',
      ),
    scenario: 'builder-cycle',
    cause: 'builder-cycle',
    plainBuildWorks: 'the client of the test runs no SSH server, so the builder builds by itself',
  },
  {
    title: 'the builder is this very machine',
    notOn: { nixos: 'its client has no SSH server' },
    breaks: async ({ client, builder }) => {
      const { name, address } = client.host;
      await client.host.sh(
        `ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; echo "${name} $(cat /etc/ssh/ssh_host_ed25519_key.pub)" >> /root/.ssh/known_hosts; cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys; printf '%s\\n' 'ListenAddress ${address}' 'HostKey /etc/ssh/ssh_host_ed25519_key' 'PidFile /run/sshd.pid' > /etc/ssh/sshd_config; /usr/sbin/sshd; nix-store --add /etc/hostname`,
      );
      client.machines(`ssh-ng://root@${name} x86_64-linux - 1`, builder.line());
    },
    scenario: 'other-store',
    cause: 'same-store',
  },
  {
    title: 'the clock of the builder is a day slow',
    notOn: { 'bsd-tools': "the stand-in for date needs GNU's" },
    breaks: async ({ builder: { host } }) => {
      host.write('/root/bin/date', '#!/bin/sh\nPATH=${PATH#*:}\nexec date -d "1 day ago" "$@"\n', 0o755);
      await configureSshd(host, { SetEnv: 'PATH=/root/bin:/run/current-system/sw/bin:/usr/bin:/bin' });
    },
    scenario: 'clock',
    cause: 'clock-off',
    outcome: 'warn',
    fixNotRun: 'a stand-in for date lies in its place: hosts in namespaces share one clock',
  },
];

/** Accounts that run Nix's program alone, and what their entries promise without having it. */
const brokenPromises = (['2.8', '2.26', '2.34'] as const).flatMap((nix) =>
  (['ssh', 'ssh-ng'] as const).flatMap((scheme) =>
    (
      [
        ['system', 'x86_64-linux,riscv64-linux - 4', 'system-not-supported'],
        ['feature', 'x86_64-linux - 4 1 kvm,big-parallel', 'feature-not-supported'],
      ] as const
    ).map(([what, rest, cause]): Fault => ({
      title: `an account tied to Nix's program, and a promised ${what} that is not there, ${nix} over ${scheme}`,
      ...(what === 'feature' ? { notOn: { nixos: 'its Nix has the feature kvm by default' } } : since(nix)),
      scheme,
      client: { nix },
      builder: {
        nix,
        sshd: { ForceCommand: scheme === 'ssh' ? 'nix-store --serve --write' : 'nix-daemon --stdio' },
      },
      breaks: ({ client, builder }) => client.machines(builder.line(scheme, rest)),
      scenario: 'promises',
      cause,
      ...(what === 'system' ? { plainBuildWorks: 'it is of the first system of the entry' } : {}),
    })),
  ),
);

export const buildFaults: readonly Fault[] = [
  ...brokenPromises,
  {
    title: 'the user is not trusted, 2.8 over ssh',
    notOn: { nixos: 'its Nix is newer' },
    scheme: 'ssh',
    builder: untrusted,
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'untrusted-user',
  },
  {
    title: 'the user is not trusted, 2.8 over ssh-ng',
    notOn: { nixos: 'its Nix is newer' },
    builder: untrusted,
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'untrusted-user',
  },
  {
    title: 'the user is not trusted and the inputs are not signed, 2.26',
    client: { nix: '2.26' },
    builder: { ...untrusted, nix: '2.26' },
    breaks: () => undefined,
    // Before Nix 2.16 it is the build itself that is refused.
    on: { 'debian-12': { cause: 'untrusted-user' } },
    scenario: 'local-to-remote-build',
    cause: 'unsigned-input',
    plainBuildWorks: 'the only input of a plain build is named by its content, and needs no signature',
  },
  {
    title: 'the user is not trusted and the inputs are not signed, 2.34',
    client: { nix: '2.34' },
    builder: { ...untrusted, nix: '2.34' },
    breaks: () => undefined,
    // Before Nix 2.16 it is the build itself that is refused.
    on: { 'debian-12': { cause: 'untrusted-user' } },
    scenario: 'local-to-remote-build',
    cause: 'unsigned-input',
    plainBuildWorks: 'the only input of a plain build is named by its content, and needs no signature',
  },
  {
    title: 'the user is not trusted: told without a build',
    builder: untrusted,
    breaks: ({ args }) => args.push('--read-only'),
    scenario: 'trusted',
    cause: 'untrusted-user',
    outcome: 'warn',
    plainBuildFails: 'builds are what is left out',
  },
  {
    title: 'trust for a group that the user is not in',
    notOn: { nixos: 'its Nix is newer' },
    builder: { ...untrusted, nixConf: { 'trusted-users': 'root @wheel' } },
    breaks: () => undefined,
    scenario: 'local-to-remote-build',
    cause: 'untrusted-user',
  },
  {
    title: 'the builder builds nothing at all, 2.8 over ssh',
    notOn: { nixos: 'its Nix is newer' },
    scheme: 'ssh',
    builder: { nixConf: { 'max-jobs': '0' } },
    breaks: () => undefined,
    scenario: 'remote-build',
    cause: 'builder-max-jobs-zero',
  },
  {
    title: 'the builder builds nothing at all, 2.34 over ssh-ng',
    builder: { nix: '2.34', nixConf: { 'max-jobs': '0' } },
    breaks: () => undefined,
    scenario: 'remote-build',
    cause: 'builder-max-jobs-zero',
  },
  {
    title: 'the group of build users does not exist',
    builder: { nixConf: { 'build-users-group': 'nobody-there' } },
    breaks: () => undefined,
    scenario: 'builder-nix-conf',
    cause: 'build-users-missing',
    fixNotRun: 'the group database of these hosts is a mount, which groupadd cannot replace',
  },
  {
    title: 'every slot is taken',
    breaks: async ({ client, builder, args }) => {
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 1'));
      await holdSlot(client, `ssh-ng:__root@${builder.name}-0`);
      args.push('--timeout', '12s');
    },
    scenario: 'local-to-remote-build',
    cause: 'all-slots-busy',
    fixNotRun: 'who holds them is a process of the test',
  },
  {
    title: 'an upload is stuck, and every build waits for it',
    breaks: async ({ client, builder }) => {
      await client.host.sh(`head -c 300M /dev/zero > /tmp/big
        big=$(nix-store --add /tmp/big)
        setsid nix-build --no-out-link --max-jobs 0 --option substitute false --argstr big "$big" -E '{ big }: derivation {
          name = "needs-much"; system = "x86_64-linux"; builder = "/bin/sh"; needs = builtins.storePath big;
          args = [ "-c" "echo > $out" ]; }' < /dev/null > /dev/null 2>&1 &
        until [ -e /nix/var/nix/current-load/*.upload-lock ]; do sleep 0.02; done`);
      await builder.host.sh("pkill -STOP -f '[n]ix-daemon --stdio'");
    },
    scenario: 'upload-lock',
    cause: 'upload-stuck',
  },
];
