import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a fleet has for itself: a folder, and the loopback addresses `127.x.y.1` to `127.x.y.254`. */
export interface Place {
  folder: string;
  /** `127.x.y` */
  block: string;
}

const prefix = 'nrbd-fleet-';

/** A folder without a name in it is being made, or its maker died at once. Milliseconds. */
const newFolderMs = 10_000;

/**
 * Takes a place that no other fleet of this machine has. The folder carries the block in its name, so that making it
 * takes the block too. What fleets of dead processes left behind is removed first.
 */
export function takePlace(): Place {
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (name.startsWith(prefix) && isAbandoned(folder)) rmSync(folder, { recursive: true, force: true });
  }
  for (let tries = 0; tries < 1000; tries += 1) {
    const number = (process.pid + tries * 251) & 0x3fff;
    const block = `127.${64 + (number >> 8)}.${number & 255}`;
    const folder = join(tmpdir(), `${prefix}${block}`);
    try {
      mkdirSync(folder, { mode: 0o755 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    writeFileSync(join(folder, 'owner'), String(process.pid));
    return { folder, block };
  }
  throw new Error(`no free place for a fleet in ${tmpdir()}`);
}

function isAbandoned(folder: string): boolean {
  try {
    const owner = Number(readFileSync(join(folder, 'owner'), 'utf8'));
    if (owner > 0) return !isAlive(owner);
  } catch {
    // Not written yet, or never.
  }
  const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Date.now() - made > newFolderMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
