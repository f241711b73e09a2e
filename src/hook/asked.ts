import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuilderStateStore, nameOf } from './memory.ts';

/** A request that was made not long ago. */
export interface Asked {
  /** The `builders` setting. */
  text: string;
  system: string;
  /** The bytes of the request before the value of `builders`, in base64. */
  before: string;
}

/** After this long, a request is forgotten. */
const keptForMs = 60_000;

export function noteAsked(memory: BuilderStateStore, asked: Asked): void {
  memory.put(`asked-${nameOf(asked.text)}`, JSON.stringify(asked));
}

/** Those of the last minute, the newest first. Throws where the folder is gone. */
export function recentlyAsked({ folder }: BuilderStateStore): Asked[] {
  const found: { asked: Asked; at: number }[] = [];
  for (const name of readdirSync(folder)) {
    if (!/^asked-[0-9a-f]+$/.test(name)) continue;
    const file = join(folder, name);
    const at = statSync(file).mtimeMs;
    if (Date.now() - at > keptForMs) rmSync(file, { force: true });
    else found.push({ asked: JSON.parse(readFileSync(file, 'utf8')) as Asked, at });
  }
  return found.sort((a, b) => b.at - a.at).map(({ asked }) => asked);
}
