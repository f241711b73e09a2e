import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** The process that serves Nix's socket. */
export interface DaemonProcess {
  pid: number;
  env: Record<string, string>;
  /** It serves one connection, and may be what an earlier daemon left: Nix writes its client's process into its words. */
  worker: boolean;
}

interface Candidate extends DaemonProcess {
  /** In clock ticks since the boot. */
  startedAt: number;
  listens: boolean;
  samePidNamespace: boolean;
}

/**
 * The daemon behind a socket: the process that holds it, wherever it runs (a container may share its socket). Where
 * the kernel does not tell who holds it, the oldest daemon of this PID namespace: the others serve one connection each.
 */
export async function findDaemon(socket: string): Promise<DaemonProcess | null> {
  const names = await readdir('/proc').catch(() => []);
  const [inodes, ownSpace] = await Promise.all([
    listeningInodes(socket),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  const candidates: Candidate[] = [];
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const candidate = await candidateOf(pid, { socket, inodes }, ownSpace).catch(() => null);
    if (candidate !== null) candidates.push(candidate);
  }
  candidates.sort((a, b) => Number(a.worker) - Number(b.worker) || a.startedAt - b.startedAt);
  return (
    candidates.find(({ listens }) => listens) ??
    candidates.find(({ samePidNamespace }) => samePidNamespace) ??
    null
  );
}

/** Null for another program; throws for one that ended meanwhile or cannot be read. */
async function candidateOf(
  pid: string,
  { socket, inodes }: { socket: string; inodes: readonly string[] },
  ownSpace: string,
): Promise<Candidate | null> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  if (!isDaemon(words, await readlink(`/proc/${pid}/exe`))) return null;
  const files = inodes.length === 0 ? [] : await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return {
    pid: Number(pid),
    env: parseEnviron(await readFile(`/proc/${pid}/environ`, 'utf8')),
    startedAt: startTime(await readFile(`/proc/${pid}/stat`, 'utf8')),
    listens:
      targets.some((target) => inodes.includes(target)) &&
      (await isSameFile(`/proc/${pid}/root${socket}`, socket)),
    worker: /^\d+$/.test(words[1] ?? ''),
    samePidNamespace: (await readlink(`/proc/${pid}/ns/pid`)) === ownSpace,
  };
}

/** A container that shares only the network lists its own socket under the same path. */
async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => null)));
  return a != null && b != null && a.dev === b.dev && a.ino === b.ino;
}

/** The listening sockets with that path, as /proc/PID/fd writes them (proc(5), /proc/net/unix: flag 00010000). */
async function listeningInodes(socket: string): Promise<string[]> {
  const text = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    return flags === '00010000' && path === socket && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
}

/** `nix-daemon`, `nix … daemon` or Determinate's `determinate-nixd … daemon`, and such a program behind the name. */
export function isDaemon(words: readonly string[], program: string): boolean {
  const [first = '', ...rest] = words;
  const name = basename(first);
  const named =
    name === 'nix-daemon' || ((name === 'nix' || name === 'determinate-nixd') && rest.includes('daemon'));
  return named && /^(nix|determinate-nixd)/.test(basename(program)) && !rest.includes('--stdio');
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
