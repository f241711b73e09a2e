import { spawn } from 'node:child_process';
import { entriesOf, isWatched, textOf } from './entries.ts';
import { isAlive, isSilent, leftOut } from './leave-out.ts';
import { look } from './look.ts';
import { noteAsked } from './asked.ts';
import { BuilderStateStore } from './memory.ts';
import { readFile } from './read-file.ts';
import {
  framesOf,
  readRequest,
  requestBytes,
  type Setting,
  toBytes,
  fromBytes,
  writeAll,
} from './request.ts';
import { watch } from './watch.ts';

/**
 * What the script that `build-hook` prints starts. `filter FOLDER`: copies the settings of Nix's request from standard
 * input to standard output, without the builders that do not answer; whatever goes wrong here, as they came.
 * `watch FOLDER`: asks the builders of recent requests again and again, and ends a minute after the last one.
 */
async function main([does, folder = '']: readonly string[]): Promise<void> {
  const memory = new BuilderStateStore(folder);
  if (does === 'watch') return watch(memory);
  const { bytes, settings } = readRequest(0);
  const changed = settings === null ? null : await withoutSilent(settings, memory).catch(() => null);
  writeAll(1, changed === null ? bytes : requestBytes(changed));
}

/** Null where the request stays as it is. */
async function withoutSilent(
  settings: readonly Setting[],
  memory: BuilderStateStore,
): Promise<Setting[] | null> {
  const valueOf = (wanted: string): string =>
    fromBytes(settings.find(({ name }) => name === wanted)?.value ?? '');
  const [text, system] = [valueOf('builders'), valueOf('system')];
  const entries = entriesOf(text, system, readFile) ?? [];
  const watched = entries.filter(isWatched);
  if (watched.length === 0 || entries.length < 2) return null;
  noteAsked(memory, {
    text,
    system,
    before: framesOf(settings, 'builders')?.before.toString('base64') ?? '',
  });
  const unknown = watched.filter(({ uri }) => {
    const seen = memory.seen(uri);
    return !isAlive(seen, Date.now()) && !isSilent(seen, Date.now());
  });
  if (unknown.length > 0) await look(unknown, memory);
  startWatching(memory);
  const out = leftOut(entries, ({ uri }) => memory.seen(uri), Date.now());
  if (out.length === 0) return null;
  const kept = textOf(entries.filter((entry) => !out.includes(entry)));
  return settings.map(({ name, value }) => ({ name, value: name === 'builders' ? toBytes(kept) : value }));
}

/** One that finds another at work ends at once. */
function startWatching({ folder }: BuilderStateStore): void {
  const script = process.argv[1] ?? '';
  spawn(process.execPath, [script, 'watch', folder], { detached: true, stdio: 'ignore', cwd: '/' })
    .on('error', () => undefined)
    .unref();
}

main(process.argv.slice(2)).then(
  // Questions that are still open hold nobody up.
  () => process.exit(0),
  () => process.exit(1),
);
