import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seen } from './leave-out.ts';

/**
 * What is known of builders, in a folder that only root may enter. Each fact is a file of its own that is put in place
 * whole, and says when it was seen: hooks that run at the same time cannot undo what another saw.
 */
export class BuilderStateStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Never throws: what cannot be read was not seen. */
  seen(uri: string): Seen & { tookMs?: number } {
    const [alive, tookMs] = this.#numbers(`alive-${nameOf(uri)}`);
    const [silent] = this.#numbers(`silent-${nameOf(uri)}`);
    return {
      ...(alive === undefined ? {} : { alive }),
      ...(tookMs === undefined ? {} : { tookMs }),
      ...(silent === undefined ? {} : { silent }),
    };
  }

  /** It answered, after that long. What it took earlier is forgotten little by little, and one long silence counts for little. */
  noteAlive(uri: string, at: number, tookMs: number): void {
    const before = this.seen(uri).tookMs ?? 0;
    const known = Math.min(1000, Math.max(before * 0.8, tookMs));
    this.put(`alive-${nameOf(uri)}`, `${at} ${Math.ceil(known)}`);
  }

  /** `at`: when it was asked, so that an answer that came since is newer. */
  noteSilent(uri: string, at: number): void {
    this.put(`silent-${nameOf(uri)}`, String(at));
  }

  /** A file that is there whole, or as it was. */
  put(name: string, text: string | Buffer): void {
    const own = join(this.folder, `${name}.${process.pid}`);
    writeFileSync(own, text, { mode: 0o600 });
    renameSync(own, join(this.folder, name));
  }

  remove(name: string): void {
    rmSync(join(this.folder, name), { force: true });
  }

  #numbers(name: string): number[] {
    try {
      const text = readFileSync(join(this.folder, name), 'utf8');
      return /^\d{1,15}( \d{1,15})?$/.test(text) ? text.split(' ').map(Number) : [];
    } catch {
      return [];
    }
  }
}

export function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
