import { accessSync, constants, existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the daemon runs, as far as it is elsewhere than this process. */
export interface DaemonNamespaces {
  /** Namespaces that are not this process's: `mnt`, `net`, `user`. */
  namespaces: readonly string[];
  /** Words before a command that is to run where the daemon does; none where that is here. */
  enter: readonly string[];
  /** Where its file system is seen from here: `/proc/PID/root`, or empty. */
  root: string;
  /** Its systemd unit, or empty. */
  unit: string;
  /** Programs could not be run there: there is no nsenter. */
  closed: boolean;
}

/** The daemon runs where this process does. */
export const here: DaemonNamespaces = { namespaces: [], enter: [], root: '', unit: '', closed: false };

/** Compares the namespaces in which the daemon starts programs with this process's. */
export async function daemonNamespaces(pid: number): Promise<DaemonNamespaces> {
  const links = {
    user: `/proc/${pid}/ns/user`,
    net: `/proc/${pid}/ns/net`,
    mnt: (await savedMountNamespace(pid)) ?? `/proc/${pid}/ns/mnt`,
  };
  const namespaces: string[] = [];
  const words: string[] = [];
  for (const [name, link] of Object.entries(links)) {
    const [theirs, ours] = await Promise.all(
      [link, `/proc/self/ns/${name}`].map((path) => readlink(path).catch(() => '')),
    );
    if (theirs === '' || theirs === ours) continue;
    namespaces.push(name);
    words.push(`--${name === 'mnt' ? 'mount' : name}=${link}`);
  }
  const unit = await unitOf(pid);
  if (namespaces.length === 0) return { ...here, unit };
  const nsenter = findNsenter();
  return {
    namespaces,
    enter: nsenter === null ? [] : [nsenter, ...words, '--'],
    unit,
    root: namespaces.includes('mnt') ? `/proc/${pid}/root` : '',
    closed: nsenter === null,
  };
}

/**
 * Nix's programs, run as root, leave the mount namespace in which they were started, and keep it open: what they start,
 * as ssh, goes back there (Nix, main.cc: saveMountNamespace; restoreProcessContext).
 */
async function savedMountNamespace(pid: number): Promise<string | null> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    if (/^mnt:/.test(await readlink(join(folder, fd)).catch(() => ''))) return join(folder, fd);
  }
  return null;
}

/** The last service in its control group (systemd names groups after units). */
async function unitOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return /([\w@.:\\-]+\.service)(?=[^\n]*$)/m.exec(text)?.[1] ?? '';
}

/** util-linux has it; on NixOS it is on the system's path. */
function findNsenter(): string | null {
  const folders = [
    ...(process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/')),
    '/usr/bin',
    '/bin',
    '/run/current-system/sw/bin',
  ];
  const found = folders.map((folder) => join(folder, 'nsenter')).find((file) => existsSync(file));
  return found ?? null;
}

/**
 * A new private folder in the first of `parents` that the daemon sees too and can write to (its unit may hide /tmp).
 * Throws where none can be made.
 */
export async function makePrivateFolder(
  place: DaemonNamespaces,
  parents: readonly string[],
): Promise<string> {
  const [first = '/tmp', ...others] = parents;
  const folder = await mkdtemp(join(first, 'nrbd-'));
  if (isSeen(place, folder) || others.length === 0) return folder;
  await rm(folder, { recursive: true });
  return makePrivateFolder(place, others);
}

function isSeen({ root }: DaemonNamespaces, folder: string): boolean {
  if (root === '') return true;
  try {
    // A read-only mount of the daemon's shows in access(2) through /proc/PID/root.
    accessSync(join(root, folder), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
