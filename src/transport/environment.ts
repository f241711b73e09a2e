import { readdir, readFile, readlink } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { basename } from 'node:path';

/** The environment in which Nix starts ssh. */
export interface DaemonEnvironment {
  env: Record<string, string>;
  /** Where it was found: in the running daemon, or assumed for want of one. */
  source: 'nix-daemon process' | 'default';
  daemonPid?: number;
}

/** What Nix itself takes away (`build-remote` unsets them), and what a daemon never has. */
const dropped = [
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'SSH_ASKPASS',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'INVOCATION_ID',
  'NOTIFY_SOCKET',
  'LISTEN_FDS',
  'LISTEN_PID',
  'JOURNAL_STREAM',
];
const usualPath =
  '/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const keptOfOwn = /^(NIX_|LANG$|LC_|SSL_CERT|CURL_CA|TMPDIR$|TZ$|XDG_CONFIG)/;

/**
 * What Nix's daemon sees: the environment of a running `nix-daemon` where it can be read (as root, on Linux), else
 * the usual one. Never an agent, never a display.
 */
export async function daemonEnvironment(): Promise<DaemonEnvironment> {
  const daemon = await findDaemon();
  return daemon === null
    ? { env: asDaemon(pickOwn(process.env)), source: 'default' }
    : { env: asDaemon(daemon.env), source: 'nix-daemon process', daemonPid: daemon.pid };
}

/**
 * The daemon that listens: the oldest, for the others serve one connection each. Not the daemon of a container, which
 * is in another PID namespace, and not a `nix-daemon --stdio`, which serves a client of this machine.
 */
async function findDaemon(): Promise<{ pid: number; env: Record<string, string> } | null> {
  if (process.getuid?.() !== 0) return null;
  const names = await readdir('/proc').catch(() => []);
  const ownSpace = await readlink('/proc/self/ns/pid').catch(() => '');
  let oldest: { pid: number; env: Record<string, string>; startedAt: number } | null = null;
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    try {
      const [words, program] = [
        await readFile(`/proc/${pid}/cmdline`, 'utf8'),
        await readlink(`/proc/${pid}/exe`),
      ];
      if (!isDaemon(words.split('\0'), program) || (await readlink(`/proc/${pid}/ns/pid`)) !== ownSpace)
        continue;
      const startedAt = startTime(await readFile(`/proc/${pid}/stat`, 'utf8'));
      if (oldest !== null && oldest.startedAt <= startedAt) continue;
      oldest = {
        pid: Number(pid),
        env: parseEnviron(await readFile(`/proc/${pid}/environ`, 'utf8')),
        startedAt,
      };
    } catch {
      // It ended while we looked, or is not ours to see.
    }
  }
  return oldest;
}

/** `nix-daemon` or `nix daemon`, and Nix's own program behind the name. `words`: its command line. */
export function isDaemon(words: readonly string[], program: string): boolean {
  const [name = '', subcommand] = words;
  const named = basename(name) === 'nix-daemon' || (basename(name) === 'nix' && subcommand === 'daemon');
  return named && /^nix/.test(basename(program)) && !words.includes('--stdio');
}

/** In clock ticks since the boot (proc(5), /proc/PID/stat, field 22; the name in field 2 may hold blanks). */
function startTime(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/** The text of /proc/PID/environ. */
export function parseEnviron(text: string): Record<string, string> {
  const pairs = text.split('\0').filter((pair) => pair.indexOf('=') > 0);
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

function pickOwn(own: NodeJS.ProcessEnv): Record<string, string> {
  const path = [own['PATH'], usualPath].filter((part) => part !== undefined && part !== '').join(':');
  const kept = Object.entries(own).filter(
    (pair): pair is [string, string] => keptOfOwn.test(pair[0]) && pair[1] !== undefined,
  );
  return { ...Object.fromEntries(kept), PATH: path };
}

/** Without what a daemon's ssh never sees, and with the home folder that it does. */
export function asDaemon(env: Record<string, string>): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !dropped.includes(name));
  const user = userInfo();
  // ssh itself asks the password database for the home folder; other programs ask the environment.
  return {
    PATH: usualPath,
    ...Object.fromEntries(kept),
    HOME: user.homedir || homedir(),
    USER: user.username,
    LOGNAME: user.username,
  };
}
