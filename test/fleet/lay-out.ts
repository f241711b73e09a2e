import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface HostOptions {
  name: string;
  address: string;
  /** A folder of the fleet's for this host alone. */
  folder: string;
  /** Settings over the defaults. */
  nixConf: Readonly<Record<string, string>>;
  /** Lines for sshd_config; null: this host has no SSH server. */
  sshd: { port: number; lines: readonly string[] } | null;
  /** Shell that runs as the host starts, before its services. */
  prepare?: string;
  /** Whether nix-daemon runs. Default true. */
  daemon?: boolean;
}

/** Where a host sees this program's Node and the project. */
export const inside = { node: '/run/node', project: '/run/project' } as const;

/** Shell that starts nix-daemon. */
export const startNixDaemon = 'setsid nix-daemon --daemon </dev/null >>/tmp/daemon.log 2>&1 &';

/** Shell that starts sshd. */
export const startSshServer = '/usr/sbin/sshd -E /tmp/sshd.log';

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

/** Where a file of the host lies outside. Throws where the host shares it with others. */
export function outside(folder: string, path: string): string {
  for (const [own, where] of Object.entries(ownFolders)) {
    if (path === `/${where}` || path.startsWith(`/${where}/`))
      return join(folder, own, path.slice(where.length + 1));
  }
  const file = ownFiles.find((name) => path === `/etc/${name}`);
  if (file !== undefined) return join(folder, 'etc', file);
  throw new Error(`${path} is not a part of the host that is its own`);
}

/** Writes what a host in that root folder starts with. Returns the script to run in its namespaces. */
export function layOut(options: HostOptions, root: string): string {
  const { name, folder, nixConf, sshd, prepare = '', daemon = true } = options;
  for (const own of Object.keys(ownFolders))
    mkdirSync(join(folder, own), { recursive: true, mode: own === 'root' ? 0o700 : 0o755 });
  mkdirSync(join(folder, 'etc'));
  for (const file of ownFiles) {
    const mode = file === 'shadow' ? 0o640 : 0o644;
    writeFileSync(join(folder, 'etc', file), ownFile(file, options, root), { mode });
  }
  const settings = Object.entries({ ...nixDefaults, ...nixConf });
  const write = (path: string, lines: readonly string[]): void =>
    writeFileSync(outside(folder, path), lines.map((line) => `${line}\n`).join(''));
  write(
    '/etc/nix/nix.conf',
    settings.map(([key, value]) => `${key} = ${value}`),
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
    write('/etc/ssh/sshd_config', sshd.lines);
  }
  write('/tmp/init.sh', [
    'chmod 1777 /tmp',
    'mkdir -p /run/sshd',
    prepare,
    daemon ? startNixDaemon : '',
    sshd === null ? '' : startSshServer,
    'touch /tmp/started',
    'while :; do sleep 1000 & wait $!; done',
  ]);
  const script = join(folder, 'start.sh');
  writeFileSync(script, startScript(name, folder, root === '/' ? '' : root).join('\n'));
  return script;
}

function startScript(name: string, folder: string, root: string): string[] {
  const project = resolve(import.meta.dirname, '../..');
  const own = `${root}/run/host`;
  return [
    'set -eu',
    `exec >${folder}/tmp/start.log 2>&1 </dev/null`,
    'cd /',
    // /proc is still the outside's here, and tells our number there.
    `read -r pid _ < /proc/self/stat; echo $pid > ${folder}/init.pid`,
    `hostname ${name}`,
    `mount -t proc proc ${root}/proc`,
    ...(root === '' ? [] : [`mount --rbind /dev ${root}/dev`]),
    // sshd writes its records of logins to /var/log.
    `mount -t tmpfs -o mode=755 tmpfs ${root}/var/log`,
    // A place of our own for mount points. All that may lie under what is hidden below is mounted here first.
    `mount -t tmpfs -o mode=755 tmpfs ${root}/run`,
    `mkdir ${own} ${root}${inside.project}; touch ${root}${inside.node}`,
    `mount --bind ${folder} ${own}`,
    `mount --bind ${project} ${root}${inside.project}; mount -o remount,bind,ro ${root}${inside.project}`,
    `mount --bind ${process.execPath} ${root}${inside.node}`,
    ...ownFiles.map((file) => `mount --bind ${own}/etc/${file} ${root}/etc/${file}`),
    ...Object.entries(ownFolders).map(([from, where]) => `mount --bind ${own}/${from} ${root}/${where}`),
    `umount ${own}`,
    'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root',
    root === '' ? 'exec bash /tmp/init.sh' : `exec chroot ${root} bash /tmp/init.sh`,
    '',
  ];
}

/** As in the root folder, with users that run builds, as an installer of Nix makes them. */
function ownFile(file: (typeof ownFiles)[number], { name, address }: HostOptions, root: string): string {
  if (file === 'hosts') return `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`;
  const text = readFileSync(join(root, 'etc', file), 'utf8');
  if (text.includes('nixbld')) return text;
  const users = [1, 2, 3, 4].map((number) => `nixbld${number}`);
  const more = {
    passwd: users.map((user, index) => `${user}:x:${30001 + index}:30000::/var/empty:/usr/sbin/nologin\n`),
    group: [`nixbld:x:30000:${users.join(',')}\n`],
    shadow: users.map((user) => `${user}:!:19000::::::\n`),
  };
  return text + more[file].join('');
}
