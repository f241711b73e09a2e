import type { Builder } from '../machines/builder.ts';
import type { Asked } from './asked.ts';
import { textOf } from './entries.ts';
import { leftOut } from './leave-out.ts';
import { type BuilderStateStore, nameOf } from './memory.ts';
import { string, toBytes } from './request.ts';

/** `PID SIZE NAME`: a request that begins with NAME.old, which has that size, may begin with NAME.new, as long as PID runs. */
const quick = 'quick';

/** Nix's settings take more than this, so that a script that waits for so many bytes gets them. */
const mostBytes = 4096;

/**
 * Keeps ready what a hook may be given in place of the last request while builders are silent, so that the script can
 * exchange it without starting Node.
 */
export class Quick {
  readonly #memory: BuilderStateStore;
  #name = '';

  constructor(memory: BuilderStateStore) {
    this.#memory = memory;
  }

  update({ text, before }: Asked, entries: readonly Builder[]): void {
    const out = leftOut(entries, ({ uri }) => this.#memory.seen(uri), Date.now());
    const start = Buffer.from(before, 'base64');
    const old = Buffer.concat([start, string(toBytes(text))]);
    if (out.length === 0 || start.length === 0 || old.length > mostBytes) {
      this.clear();
      return;
    }
    const kept = textOf(entries.filter((entry) => !out.includes(entry)));
    const changed = Buffer.concat([start, string(toBytes(kept))]);
    const name = `quick-${nameOf(`${old.toString('base64')} ${changed.toString('base64')}`)}`;
    if (name === this.#name) return;
    this.#memory.put(`${name}.old`, old);
    this.#memory.put(`${name}.new`, changed);
    this.#memory.put(quick, `${process.pid} ${old.length} ${name}\n`);
    this.#name = name;
  }

  clear(): void {
    this.#memory.remove(quick);
    this.#name = '';
  }
}
