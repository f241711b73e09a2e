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
  const [names, holders] = await Promise.all([readdir(folder).catch(() => []), currentHolders()]);
  const slots = names.filter((name) => /-\d+$/.test(name));
  const held = await Promise.all(
    slots.map(async (slot) => {
      const pid = await holderOf(join(folder, slot), holders);
      return pid === null ? [] : [{ slot, pid }];
    }),
  );
  return held.flat();
}

/** Who holds the lock of a file now, as {@link HeldSlot.pid}; null where nobody does. */
export async function holderOf(file: string, holders?: ReadonlyMap<number, number>): Promise<number | null> {
  const inode = (await stat(file).catch(() => null))?.ino;
  return inode === undefined ? null : ((holders ?? (await currentHolders())).get(inode) ?? null);
}

async function currentHolders(): Promise<Map<number, number>> {
  return readLocks(await readFile('/proc/locks', 'utf8').catch(() => ''));
}

/** Inodes under a flock, and who holds it; lines that wait for a lock (`->`) hold nothing (proc(5)). */
export function readLocks(text: string): Map<number, number> {
  const line = /^\d+: FLOCK\s+ADVISORY\s+\w+\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/gm;
  return new Map([...text.matchAll(line)].map(([, pid, inode]) => [Number(inode), Number(pid)]));
}
