import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { layOutOwnRoot } from '../own-root.ts';
import type { HostSpec, Profile, UserSpec } from '../profile.ts';
import { rootfs } from '../rootfs.ts';
import { inNamespaces } from '../start-script.ts';

/** Where they lie in the host's folder. They hold nothing of the root folder's, which may be that of a machine in use. */
const ownFolders = {
  '/nix': 'nix',
  '/etc/nix': 'etc-nix',
  '/etc/ssh': 'etc-ssh',
  '/root': 'root-home',
  '/home': 'home',
  '/tmp': 'tmp',
  '/var/log': 'var-log',
} as const;

/** Mode of a folder, where it is not 755. */
const modes: Readonly<Record<string, number>> = { '/root': 0o700, '/tmp': 0o1777 };

/** Nothing comes from the internet, and a build needs no sandbox for what the tests look at. */
const nixDefaults = {
  sandbox: 'false',
  substituters: '',
  'build-users-group': 'nixbld',
  'experimental-features': 'nix-command',
};

const builderNixDefaults = { 'system-features': 'nixos-test benchmark big-parallel' };

const sshdDefaults = {
  HostKey: '/etc/ssh/ssh_host_ed25519_key',
  PidFile: '/run/sshd.pid',
  PermitRootLogin: 'prohibit-password',
  PasswordAuthentication: 'no',
  KbdInteractiveAuthentication: 'no',
  UsePAM: 'no',
  MaxStartups: '100',
};

const ash = '/home/ash';
/** Of the user that may log in, and of the user's group. */
const userId = 1500;

const daemonSocket = '/nix/var/nix/daemon-socket/socket';

const services = {
  sshd: {
    start: '/usr/sbin/sshd -E /tmp/sshd.log',
    stop: 'pkill -KILL sshd; rm -f /run/sshd.pid',
    log: 'cat /tmp/sshd.log',
  },
  daemon: {
    start: 'setsid nix-daemon --daemon </dev/null >>/tmp/daemon.log 2>&1 &',
    stop: `pkill -KILL nix-daemon; rm -f ${daemonSocket}`,
    log: 'cat /tmp/daemon.log',
  },
} as const;

/** The quickest host: this machine's own Debian, or a root folder's, with the parts that matter replaced. */
export const plain: Profile = {
  real: "Debian's Nix, OpenSSH and tools; users that run builds; bash, dash, zsh, fish, tcsh and busybox ash as login shells",
  notReal:
    'There is no init and no systemd: a script starts sshd and nix-daemon, so systemctl and journalctl are stand-ins. There is no sudo. ' +
    'Nix has `sandbox = false` and the feature nix-command, sshd runs without PAM.',
  nixVersions: ['2.8', '2.26', '2.34'],
  system: 'x86_64-linux',
  loginShells: {
    dash: '/bin/sh',
    bash: '/bin/bash',
    zsh: '/usr/bin/zsh',
    fish: '/usr/bin/fish',
    tcsh: '/bin/tcsh',
    ash,
  },
  standIns: ['systemctl', 'journalctl'],
  services,
  prepare: rootfs,
  outside,
  layOut: async (spec) => layOut(spec, await rootfs(spec.nix)),
  started: (host) => existsSync(host.path('/tmp/started')),
};

function outside(folder: string, path: string): string | undefined {
  for (const [where, own] of Object.entries(ownFolders))
    if (path === where || path.startsWith(`${where}/`)) return join(folder, own, path.slice(where.length));
  return undefined;
}

/** Writes what a host in that root folder starts with. Returns the words that start it. */
export function layOut(spec: HostSpec, root: string): string[] {
  const { name, address, folder, nixConf, sshd, user, daemon } = spec;
  for (const [path, own] of Object.entries(ownFolders)) {
    mkdirSync(join(folder, own));
    chmodSync(join(folder, own), modes[path] ?? 0o755);
  }
  const write = (where: keyof typeof ownFolders, file: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, ownFolders[where], file), lines.map((line) => `${line}\n`).join(''));
  const trusted = ['root', ...(user?.trusted === true ? [user.name] : [])].join(' ');
  const builderDefaults = sshd === null ? {} : { 'trusted-users': trusted, ...builderNixDefaults };
  write(
    '/etc/nix',
    'nix.conf',
    Object.entries({ ...nixDefaults, ...builderDefaults, ...nixConf }).map(
      ([key, value]) => `${key} = ${value}`,
    ),
  );
  const ssh = join(folder, ownFolders['/etc/ssh']);
  mkdirSync(join(ssh, 'ssh_config.d'));
  write('/etc/ssh', 'ssh_config', [
    'Include /etc/ssh/ssh_config.d/*.conf',
    'Host *',
    '  ConnectTimeout 10',
    '  ServerAliveInterval 30',
  ]);
  if (sshd !== null) {
    const key = join(ssh, 'ssh_host_ed25519_key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `root@${name}`, '-f', key]);
    const options = { ...sshdDefaults, ListenAddress: `${address}:${sshd.port}`, ...sshd.options };
    write(
      '/etc/ssh',
      'sshd_config',
      Object.entries(options).flatMap(([option, value]) => [value].flat().map((one) => `${option} ${one}`)),
    );
  }
  makeHomes(spec);
  write('/tmp', 'init.sh', [
    'mkdir -p /run/sshd',
    daemon ? services.daemon.start : '',
    sshd === null ? '' : services.sshd.start,
    ': > /tmp/started',
    'while :; do sleep 1000 & wait $!; done',
  ]);
  const script = layOutOwnRoot(spec, {
    lower: root,
    files: {
      // In a container, this machine's own is a mount, which is no part of the root folder.
      '/etc/resolv.conf': readFileSync('/etc/resolv.conf', 'utf8'),
      '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
      ...userDatabase(spec, root),
    },
    folders: ownFolders,
    prepare: [],
    init: ['bash', '/tmp/init.sh'],
  });
  return inNamespaces(script);
}

/** Makes the home folders, and lets the key of the fleet's clients in. */
function makeHomes({ folder, sshd, user }: HostSpec): void {
  const make = (home: string, id: number): void => {
    const ssh = join(home, '.ssh');
    const keys = join(ssh, 'authorized_keys');
    mkdirSync(home, { recursive: true });
    mkdirSync(ssh, { mode: 0o700 });
    if (sshd !== null) writeFileSync(keys, `${sshd.authorised}\n`, { mode: 0o600 });
    for (const path of [home, ssh, ...(sshd === null ? [] : [keys])]) chownSync(path, id, id);
  };
  make(join(folder, ownFolders['/root']), 0);
  if (user === undefined) return;
  make(join(folder, ownFolders['/home'], user.name), userId);
  if (user.shell === ash) symlinkSync('/bin/busybox', join(folder, ownFolders['/home'], 'ash'));
}

/** As in the root folder, with users that run builds, as an installer of Nix makes them, and with the user that may log in. */
function userDatabase({ user }: HostSpec, root: string): Record<string, string> {
  return Object.fromEntries(
    (['passwd', 'group', 'shadow'] as const).map((file) => {
      const text = readFileSync(join(root, 'etc', file), 'utf8');
      const builds = text.includes('nixbld') ? '' : buildUsers[file];
      return [`/etc/${file}`, `${text}${builds}${user === undefined ? '' : entry(user)[file]}`];
    }),
  );
}

const buildUserNames = [1, 2, 3, 4].map((number) => `nixbld${number}`);
const buildUsers = {
  passwd: buildUserNames
    .map((user, index) => `${user}:x:${30001 + index}:30000::/var/empty:/usr/sbin/nologin\n`)
    .join(''),
  group: `nixbld:x:30000:${buildUserNames.join(',')}\n`,
  shadow: buildUserNames.map((user) => `${user}:!:19000::::::\n`).join(''),
};

function entry({ name, shell }: UserSpec): Record<'passwd' | 'group' | 'shadow', string> {
  return {
    passwd: `${name}:x:${userId}:${userId}::/home/${name}:${shell}\n`,
    group: `${name}:x:${userId}:\n`,
    shadow: `${name}:*:19000:0:99999:7:::\n`,
  };
}
