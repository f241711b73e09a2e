import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Nix keeps its slot files. */
export function currentLoadFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['NIX_STATE_DIR'] ?? '/nix/var/nix', 'current-load');
}

/** A slot file that some process holds. */
export interface HeldSlot {
  slot: string;
  /** As the kernel tells; 0 for one in another PID namespace. */
  pid: number;
}

/**
 * The slots that are busy now, from /proc/locks. Never by trying a lock, for Nix would see that slot busy. The files
 * themselves say nothing: they stay when a build is over.
 */
export async function heldSlots(folder: string): Promise<HeldSlot[]> {
  const [names, locks] = await Promise.all([
    readdir(folder).catch(() => []),
    readFile('/proc/locks', 'utf8').catch(() => ''),
  ]);
  const holders = readLocks(locks);
  const slots = names.filter((name) => /-\d+$/.test(name));
  const held = await Promise.all(
    slots.map(async (slot) => {
      const pid = holders.get((await stat(join(folder, slot)).catch(() => null))?.ino ?? -1);
      return pid === undefined ? [] : [{ slot, pid }];
    }),
  );
  return held.flat();
}

/** Inodes under a flock, and who holds it; lines that wait for a lock (`->`) hold nothing (proc(5)). */
export function readLocks(text: string): Map<number, number> {
  const line = /^\d+: FLOCK\s+ADVISORY\s+\w+\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/gm;
  return new Map([...text.matchAll(line)].map(([, pid, inode]) => [Number(inode), Number(pid)]));
}
