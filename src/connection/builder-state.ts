import type { SshAccess } from './ssh-access.ts';
import { endOrphans } from './orphaned-programs.ts';
import { isListed } from '../nix/trusted-users.ts';
import { sectionsOf } from '../support/sections.ts';

/** A process; `pid` is 0 where there is none. */
interface Holder {
  pid: number;
  program: string;
}

/** What can be seen on the builder when Nix's program there does not answer. Empty or 0: not seen. */
export interface BuilderState {
  /** Whether anything was seen. */
  seen: boolean;
  /** The first folder on the way to Nix's state that the ssh user may not enter, with its mode. */
  closedFolder: string;
  closedMode: string;
  /** The socket of the daemon is there and the ssh user may not write to it. */
  socketClosed: boolean;
  /** What stands where the socket belongs and is none: `plain file`, `folder`. */
  notSocket: string;
  /** What stands where Nix keeps a folder and is none: a file or a dead link. */
  notFolder: string;
  /** `/nix` or `/nix/store` where it is a symbolic link, which Nix refuses, and where it leads. */
  storeLink: string;
  storeLinkTo: string;
  /** The store may not be changed by anybody (`chattr +i`). */
  immutable: boolean;
  /** The group that may enter the socket's folder, where the others may not. */
  socketGroup: string;
  /** The mount point that holds Nix's database, where it is read-only. */
  readOnlyMount: string;
  /** The mount point that holds Nix's database or store, where it has less than 4 MiB left, or no inodes. */
  fullMount: string;
  /** The number of the database's schema. */
  schema: number;
  /** Who holds the lock that stops every other Nix, and who the database. */
  bigLock: Holder;
  database: Holder;
  /** The daemon that listens is stopped (SIGSTOP): its process id. */
  stoppedDaemon: number;
  /** `allowed-users` of the builder's Nix does not list the ssh user. */
  userNotAllowed: boolean;
  allowedUsers: string;
  /** `store` of nix.conf there, where it is set. */
  storeSetting: string;
  /** The line of nix.conf there that loads plugins; empty where there is none. */
  plugins: string;
  /** A variable of the login that leads its Nix elsewhere than to the daemon of that machine, as `NIX_REMOTE=…`. */
  strayVariable: string;
  /** Who owns Nix's state, where there is no daemon and it is neither root nor the ssh user: a single-user installation. */
  ownedBy: string;
  /** The last lines of the daemon's log, where the ssh user may read it. */
  daemonLog: string;
}

const fullBelowKib = 4096;
/** A probe that ran into its timeout has five seconds left. */
const withinMs = 4_000;

/** Read-only, as the ssh user. Each section is what a plain POSIX program prints. */
const script = `
section() { printf '\\n--- %s ---\\n' "$1"; }
var=/nix/var/nix
section user; id -un; id -nG
section variables; env | grep -E '^NIX_(REMOTE|STATE_DIR|STORE_DIR|DAEMON_SOCKET_PATH|LOCALSTATE_DIR)='
# Early, for a daemon that asks itself for ever leaves so many processes that the list of them takes too long.
section settings; nix --extra-experimental-features nix-command show-config | grep -E '^(allowed-users|store) ='
section closed
for folder in /nix /nix/var $var $var/profiles $var/db $var/daemon-socket; do
  [ ! -d "$folder" ] || [ -x "$folder" ] || { ls -ld "$folder"; break; }
done
section socket; socket=$var/daemon-socket/socket
[ ! -S "$socket" ] || [ -w "$socket" ] || ls -ld "$socket"
section owner; [ -S "$socket" ] || for folder in $var/db $var /nix/store; do ls -ld "$folder" && break; done
section notsocket; if [ -d $socket ]; then echo folder; elif [ -f $socket ]; then echo plain file; fi
section notfolder
for folder in $var/temproots $var/gcroots $var/profiles $var/db $var/userpool $var/userpool2 $var/daemon-socket; do
  [ -d "$folder" ] || { [ ! -e "$folder" ] && [ ! -L "$folder" ]; } || { echo "$folder"; break; }
done
section link; for path in /nix /nix/store; do [ ! -L $path ] || { echo $path; readlink -f $path; break; }; done
section attributes; lsattr -d /nix/store
section mounts; cat /proc/mounts
section room; for folder in $var/db $var /nix/store; do df -Pk "$folder"; df -Pi "$folder"; done
section schema; cat $var/db/schema
section inodes; ls -i $var/db/big-lock $var/db/db.sqlite
section locks; cat /proc/locks
section processes
for process in /proc/[0-9]*; do
  read -r name < "$process/comm" || continue
  state=; [ "$name" != nix-daemon ] || state=$(sed -n 's/^State:[[:space:]]*//p' "$process/status")
  echo "\${process#/proc/} $name $state"
done
section plugins; grep -shE '^[[:blank:]]*(extra-)?plugin-files[[:blank:]]*=' /etc/nix/nix.conf | head -n 1
section log; journalctl -q -u nix-daemon -n 5 -o cat --no-pager
:`;

/** Where nothing was looked at. */
export const unseen: BuilderState = {
  seen: false,
  closedFolder: '',
  closedMode: '',
  socketClosed: false,
  notSocket: '',
  notFolder: '',
  storeLink: '',
  storeLinkTo: '',
  immutable: false,
  socketGroup: '',
  readOnlyMount: '',
  fullMount: '',
  schema: 0,
  bigLock: { pid: 0, program: '' },
  database: { pid: 0, program: '' },
  stoppedDaemon: 0,
  userNotAllowed: false,
  allowedUsers: '',
  storeSetting: '',
  plugins: '',
  strayVariable: '',
  ownedBy: '',
  daemonLog: '',
};

/**
 * Looks at the builder over a login of the suite's own, after Nix's program there did not answer. Never throws: an
 * account that runs nothing but Nix's program shows nothing. `hungForSeconds`: how long the program was waited for in
 * vain; then what is left of it there is ended.
 */
export async function inspectBuilder(
  ssh: Pick<SshAccess, 'transport'>,
  hungForSeconds: number,
  signal: AbortSignal,
): Promise<BuilderState> {
  try {
    const transport = await ssh.transport(signal);
    const command = hungForSeconds > 0 ? `${script}; ${endOrphans(hungForSeconds)}` : script;
    const { stdout } = await transport.run(command, { timeoutMs: withinMs, signal });
    return stateOf(stdout);
  } catch {
    return unseen;
  }
}

/** From what {@link script} prints. */
export function stateOf(stdout: string): BuilderState {
  const section = sectionsOf(stdout);
  const [user = '', groups = ''] = section('user').split('\n');
  if (user === '') return unseen;
  const closed = listed(section('closed'));
  const socket = listed(section('socket'));
  const owner = listed(section('owner'))?.owner ?? '';
  const [storeLink = '', storeLinkTo = ''] = section('link').split('\n');
  const setting = (name: string): string | undefined =>
    new RegExp(`^${name} =(.*)$`, 'm').exec(section('settings'))?.[1]?.trim();
  const allowed = setting('allowed-users');
  const store = setting('store') ?? '';
  return {
    ...unseen,
    seen: true,
    closedFolder: closed?.path ?? '',
    closedMode: closed?.mode ?? '',
    socketClosed: socket !== null,
    notSocket: section('notsocket'),
    notFolder: section('notfolder'),
    ...{ storeLink, storeLinkTo },
    immutable: /^[\w-]*i[\w-]* +\/nix\/store$/m.test(section('attributes')),
    socketGroup: [closed, socket].find((entry) => entry !== null && entry.group !== 'root')?.group ?? '',
    readOnlyMount: readOnlyMount(section('mounts'), '/nix/var/nix/db'),
    fullMount: fullMount(section('room')),
    schema: Number(section('schema')) || 0,
    ...holders(section('inodes'), section('locks'), section('processes')),
    stoppedDaemon: Number(/^(\d+) nix-daemon T/m.exec(section('processes'))?.[1] ?? 0),
    userNotAllowed: allowed !== undefined && !isListed(allowed, user, groups.split(' ')),
    allowedUsers: allowed ?? '',
    storeSetting: store === 'auto' ? '' : store,
    plugins: section('plugins'),
    strayVariable: section('variables').split('\n').find(isStray) ?? '',
    ownedBy: ['', 'root', user].includes(owner) ? '' : owner,
    daemonLog: section('log'),
  };
}

/** Installers set some of these variables to what Nix takes without them. */
const usual = [
  'NIX_REMOTE=',
  'NIX_REMOTE=daemon',
  'NIX_REMOTE=auto',
  'NIX_STATE_DIR=/nix/var/nix',
  'NIX_LOCALSTATE_DIR=/nix/var',
  'NIX_STORE_DIR=/nix/store',
  'NIX_DAEMON_SOCKET_PATH=/nix/var/nix/daemon-socket/socket',
];

function isStray(line: string): boolean {
  return line !== '' && !usual.includes(line);
}

/** One line of `ls -ld`. */
function listed(line: string): { mode: string; owner: string; group: string; path: string } | null {
  const [, mode = '', owner = '', group = '', path = ''] =
    /^(\S{10})\S* +\d+ +(\S+) +(\S+) .*?(\/\S+)$/.exec(line) ?? [];
  return path === '' ? null : { mode, owner, group, path };
}

/** The mount point that a path lies on, where its options say `ro` (proc(5), /proc/mounts). */
function readOnlyMount(mounts: string, path: string): string {
  const on = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point = '']) => point === '/' || path === point || path.startsWith(`${point}/`));
  // The last of the longest is the one on top.
  const top = on.reduce<string[]>(
    (best, one) => ((one[1]?.length ?? 0) >= (best[1]?.length ?? 0) ? one : best),
    [],
  );
  return (top[3] ?? '').split(',').includes('ro') ? (top[1] ?? '') : '';
}

/** From `df -P`: in KiB, and in inodes; a file system that counts no inodes has 0 of 0. */
function fullMount(text: string): string {
  const row = /^\S+ +(\d+) +\d+ +(\d+) +\S+ +(\/.*)$/;
  let unit = fullBelowKib;
  for (const line of text.split('\n')) {
    if (/^Filesystem/.test(line)) unit = /inode/i.test(line) ? 1 : fullBelowKib;
    const [, total = '0', free = '', point = ''] = row.exec(line) ?? [];
    if (point !== '' && Number(total) > 0 && Number(free) < unit) return point;
  }
  return '';
}

function holders(
  inodes: string,
  locks: string,
  processes: string,
): Pick<BuilderState, 'bigLock' | 'database'> {
  const holder = (file: string, kind: string): Holder => {
    const inode = new RegExp(`^ *(\\d+) .*/${file}$`, 'm').exec(inodes)?.[1] ?? '-';
    // As in proc(5): `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE …`.
    const lock = new RegExp(`^\\d+: ${kind} +\\w+ +WRITE +(\\d+) \\S+:${inode} `, 'm').exec(locks);
    const pid = Number(lock?.[1] ?? 0);
    return { pid, program: new RegExp(`^${pid} (\\S+)`, 'm').exec(processes)?.[1] ?? 'unknown' };
  };
  return { bigLock: holder('big-lock', 'FLOCK'), database: holder('db\\.sqlite', 'POSIX') };
}
