import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSpec, Profile, UserSpec } from '../profile.ts';
import { rootfs } from '../rootfs.ts';
import { beginScript, initEnvironment, inNamespaces, mountProject } from '../start-script.ts';

/** Parts of a host's file system that are its own; the rest is shared and left alone. */
const ownFolders = {
  nix: 'nix',
  'etc-nix': 'etc/nix',
  'etc-ssh': 'etc/ssh',
  root: 'root',
  home: 'home',
  tmp: 'tmp',
} as const;
const ownFiles = ['passwd', 'group', 'shadow', 'hosts'] as const;

/** Nothing comes from the internet, and no sandbox in a namespace in a namespace. */
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
    'There is no init and no systemd: a script starts sshd and nix-daemon, so systemctl and journalctl are stand-ins. So is usermod: the files of the user database are mounts, which the real one cannot replace. There is no sudo. ' +
    "Nix has `sandbox = false` and the feature nix-command, sshd runs without PAM. Only /nix, /etc/nix, /etc/ssh, /root, /home, /tmp and the user database are the host's own.",
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
  standIns: ['systemctl', 'journalctl', 'usermod'],
  services,
  prepare: rootfs,
  outside,
  layOut: async (spec) => layOut(spec, await rootfs(spec.nix)),
  started: (host) => existsSync(host.path('/tmp/started')),
};

function outside(folder: string, path: string): string {
  for (const [own, where] of Object.entries(ownFolders)) {
    if (path === `/${where}` || path.startsWith(`/${where}/`))
      return join(folder, own, path.slice(where.length + 1));
  }
  const file = ownFiles.find((name) => path === `/etc/${name}`);
  if (file !== undefined) return join(folder, 'etc', file);
  throw new Error(`${path} is not a part of the host that is its own`);
}

/** Writes what a host in that root folder starts with. Returns the words that start it. */
export function layOut(spec: HostSpec, root: string): string[] {
  const { name, address, folder, nixConf, sshd, user, daemon } = spec;
  for (const own of Object.keys(ownFolders))
    mkdirSync(join(folder, own), { recursive: true, mode: own === 'root' ? 0o700 : 0o755 });
  mkdirSync(join(folder, 'etc'));
  for (const file of ownFiles) {
    const mode = file === 'shadow' ? 0o640 : 0o644;
    writeFileSync(join(folder, 'etc', file), ownFile(file, spec, root), { mode });
  }
  const write = (path: string, lines: readonly string[]): void =>
    writeFileSync(outside(folder, path), lines.map((line) => `${line}\n`).join(''));
  const trusted = ['root', ...(user?.trusted === true ? [user.name] : [])].join(' ');
  const builderDefaults = sshd === null ? {} : { 'trusted-users': trusted, ...builderNixDefaults };
  write(
    '/etc/nix/nix.conf',
    Object.entries({ ...nixDefaults, ...builderDefaults, ...nixConf }).map(
      ([key, value]) => `${key} = ${value}`,
    ),
  );
  mkdirSync(outside(folder, '/etc/ssh/ssh_config.d'));
  write('/etc/ssh/ssh_config', [
    'Include /etc/ssh/ssh_config.d/*.conf',
    'Host *',
    '  ConnectTimeout 10',
    '  ServerAliveInterval 30',
  ]);
  if (sshd !== null) {
    const key = outside(folder, '/etc/ssh/ssh_host_ed25519_key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `root@${name}`, '-f', key]);
    const options = { ...sshdDefaults, ListenAddress: `${address}:${sshd.port}`, ...sshd.options };
    write(
      '/etc/ssh/sshd_config',
      Object.entries(options).flatMap(([option, value]) => [value].flat().map((one) => `${option} ${one}`)),
    );
  }
  write('/tmp/init.sh', [
    'chmod 1777 /tmp',
    'mkdir -p /run/sshd',
    ...homes(spec),
    daemon ? services.daemon.start : '',
    sshd === null ? '' : services.sshd.start,
    'touch /tmp/started',
    'while :; do sleep 1000 & wait $!; done',
  ]);
  const script = join(folder, 'start.sh');
  writeFileSync(script, startScript(name, folder, root === '/' ? '' : root).join('\n'));
  return inNamespaces(script);
}

function startScript(name: string, folder: string, root: string): string[] {
  const own = `${root}/run/host`;
  return [
    ...beginScript(name, folder),
    `mount -t proc proc ${root}/proc`,
    ...(root === '' ? [] : [`mount --rbind /dev ${root}/dev`]),
    // sshd writes its records of logins to /var/log.
    `mount -t tmpfs -o mode=755 tmpfs ${root}/var/log`,
    // A place of our own for mount points. All that may lie under what is hidden below is mounted here first.
    `mount -t tmpfs -o mode=755 tmpfs ${root}/run`,
    `mkdir ${own}`,
    `mount --bind ${folder} ${own}`,
    ...mountProject(root),
    ...ownFiles.map((file) => `mount --bind ${own}/etc/${file} ${root}/etc/${file}`),
    ...Object.entries(ownFolders).map(([from, where]) => `mount --bind ${own}/${from} ${root}/${where}`),
    `umount ${own}`,
    `export ${Object.entries(initEnvironment)
      .map(([key, value]) => `${key}=${value}`)
      .join(' ')}`,
    root === '' ? 'exec bash /tmp/init.sh' : `exec chroot ${root} bash /tmp/init.sh`,
    '',
  ];
}

/** Shell that makes the home folders, and lets the key of the fleet's clients in. */
function homes({ sshd, user }: HostSpec): string[] {
  if (sshd === null) return ['mkdir -p -m 700 /root/.ssh'];
  const folders = ['/root', ...(user === undefined ? [] : [`/home/${user.name}`])];
  return [
    ...folders.map(
      (home) =>
        `mkdir -p -m 700 ${home}/.ssh; echo '${sshd.authorised}' > ${home}/.ssh/authorized_keys; chmod 600 ${home}/.ssh/authorized_keys`,
    ),
    ...(user === undefined ? [] : [`chown -R ${user.name}: /home/${user.name}`]),
    ...(user?.shell === ash ? [`ln -s /bin/busybox ${ash}`] : []),
  ];
}

/**
 * As in the root folder, with users that run builds, as an installer of Nix makes them, and with the user that may log in.
 * The files are mounts of their own, so `useradd`, which replaces them, cannot be used.
 */
function ownFile(file: (typeof ownFiles)[number], { name, address, user }: HostSpec, root: string): string {
  if (file === 'hosts') return `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`;
  const text = readFileSync(join(root, 'etc', file), 'utf8');
  return `${text}${text.includes('nixbld') ? '' : buildUsers[file]}${user === undefined ? '' : entry(user)[file]}`;
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
    passwd: `${name}:x:1500:1500::/home/${name}:${shell}\n`,
    group: `${name}:x:1500:\n`,
    shadow: `${name}:*:19000:0:99999:7:::\n`,
  };
}
