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
const dropped = ['SSH_AUTH_SOCK', 'SSH_AGENT_PID', 'SSH_ASKPASS', 'DISPLAY', 'WAYLAND_DISPLAY', 'INVOCATION_ID', 'NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_PID', 'JOURNAL_STREAM'];
const usualPath = '/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const keptOfOwn = /^(NIX_|LANG$|LC_|SSL_CERT|CURL_CA|TMPDIR$|TZ$|XDG_CONFIG)/;

/**
 * What Nix's daemon sees: the environment of a running `nix-daemon` where it can be read (as root, on Linux), else
 * the usual one. Never an agent, never a display.
 */
export async function daemonEnvironment(): Promise<DaemonEnvironment> {
  const daemon = await findDaemon();
  return daemon === null
    ? { env: complete(pickOwn(process.env)), source: 'default' }
    : { env: complete(daemon.env), source: 'nix-daemon process', daemonPid: daemon.pid };
}

/** The oldest `nix-daemon` is the one that listens; the others serve one connection each. */
async function findDaemon(): Promise<{ pid: number; env: Record<string, string> } | null> {
  if (process.getuid?.() !== 0) return null;
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number).sort((a, b) => a - b);
  for (const pid of pids) {
    try {
      const [name = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      if (basename(name) !== 'nix-daemon' || !/^nix/.test(basename(await readlink(`/proc/${pid}/exe`)))) continue;
      return { pid, env: parseEnviron(await readFile(`/proc/${pid}/environ`, 'utf8')) };
    } catch {
      // It ended while we looked.
    }
  }
  return null;
}

/** The text of /proc/PID/environ. */
export function parseEnviron(text: string): Record<string, string> {
  const pairs = text.split('\0').filter((pair) => pair.indexOf('=') > 0);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function pickOwn(own: NodeJS.ProcessEnv): Record<string, string> {
  const path = [own['PATH'], usualPath].filter((part) => part !== undefined && part !== '').join(':');
  const kept = Object.entries(own).filter((pair): pair is [string, string] => keptOfOwn.test(pair[0]) && pair[1] !== undefined);
  return { ...Object.fromEntries(kept), PATH: path };
}

function complete(env: Record<string, string>): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !dropped.includes(name));
  const user = userInfo();
  // ssh itself asks the password database for the home folder; other programs ask the environment.
  return { PATH: usualPath, ...Object.fromEntries(kept), HOME: user.homedir || homedir(), USER: user.username, LOGNAME: user.username };
}
