import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recentlyAsked } from './asked.ts';
import { entriesOf, isWatched } from './entries.ts';
import { isAlive } from './leave-out.ts';
import { look } from './look.ts';
import type { BuilderStateStore } from './memory.ts';
import { Quick } from './quick.ts';
import { readFile } from './read-file.ts';

/** A builder that answers is asked again after this long: OpenSSH 9.8 and later count logins that are not tried. */
const asksAliveEachMs = 10_000;

const lock = 'watcher';
/** It is there, with the watcher's process id, as long as every builder answers: hooks need not look then. */
const calm = 'calm';

/** Asks silent builders each second and others now and then, so that a hook need not. Only one does at a time. */
export async function watch(memory: BuilderStateStore): Promise<void> {
  if (!takeLock(memory)) return;
  removeLeftovers(memory);
  const quick = new Quick(memory);
  const askedAt = new Map<string, number>();
  try {
    for (;;) {
      const asked = recentlyAsked(memory).map((one) => ({
        asked: one,
        entries: entriesOf(one.text, one.system, readFile) ?? [],
      }));
      const builders = [
        ...new Map(
          asked.flatMap(({ entries }) => entries.filter(isWatched).map((one) => [one.uri, one])),
        ).values(),
      ];
      const [last] = asked;
      if (
        last === undefined ||
        builders.length === 0 ||
        read(join(memory.folder, lock)) !== String(process.pid)
      )
        return;
      const now = Date.now();
      const due = builders.filter(({ uri }) => {
        const everyMs = isAlive(memory.seen(uri), now) ? asksAliveEachMs : 1000;
        return now - (askedAt.get(uri) ?? 0) >= everyMs;
      });
      for (const { uri } of due) askedAt.set(uri, now);
      void look(due, memory).catch(() => undefined);
      await sleep(500);
      if (builders.every(({ uri }) => isAlive(memory.seen(uri), Date.now())))
        memory.put(calm, `${process.pid}\n`);
      else memory.remove(calm);
      quick.update(last.asked, last.entries);
    }
  } finally {
    if (read(join(memory.folder, lock)) === String(process.pid)) {
      memory.remove(calm);
      quick.clear();
      memory.remove(lock);
    }
  }
}

function takeLock(memory: BuilderStateStore): boolean {
  const file = join(memory.folder, lock);
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid), { mode: 0o600 });
  try {
    for (const attempt of [1, 2]) {
      try {
        linkSync(own, file);
        return true;
      } catch {
        if (attempt === 2 || isRunning(Number(read(file)))) return false;
        rmSync(file, { force: true });
      }
    }
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** A hook that was killed leaves its pipe; a watcher that was, what it kept ready. */
function removeLeftovers(memory: BuilderStateStore): void {
  for (const name of readdirSync(memory.folder)) {
    const [, pid] = /^(?:pipe|head)\.(\d+)$/.exec(name) ?? [];
    if (pid === undefined ? name.startsWith('quick') : !isRunning(Number(pid))) memory.remove(name);
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
