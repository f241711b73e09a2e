import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../observation.ts';
import type { Matcher, Mismatch } from './matcher.ts';

/** What is seen is what a file holds that was written before. The operand: the file's name and its folder. */
export const snapshot: Matcher = {
  name: 'snapshot',
  check: (actual, operand, path) => {
    const file = fileOf(operand);
    const missed = (expected: Json, reason: string): Mismatch[] => [
      { path, matcher: 'snapshot', expected, actual, reason, ...(file === null ? {} : { file }) },
    ];
    if (file === null) return missed(operand, 'its snapshot has no plain name for a file');
    if (actual === undefined) return missed(null, 'there is nothing to compare with the snapshot');
    let before: string;
    try {
      before = readFileSync(file, 'utf8');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') return missed(null, `the snapshot ${file} cannot be read (${code})`);
      return missed(null, `there is no snapshot ${file} yet: --update-snapshots writes it`);
    }
    const now = snapshotText(actual);
    return now === before
      ? []
      : missed(before, `${path} differs from ${file}: ${firstDifference(before, now)}`);
  },
};

/** What the file of a snapshot holds: a text as it is, anything else as JSON. */
export function snapshotText(value: Json): string {
  return typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`;
}

/** Null for a name that would leave the folder. */
function fileOf(operand: Json): string | null {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return null;
  const { folder, name } = operand;
  if (typeof folder !== 'string' || typeof name !== 'string') return null;
  return /^[\w@%+=:,-][\w@%+=:,.-]*$/.test(name) ? join(folder, name) : null;
}

function firstDifference(before: string, now: string): string {
  const [old, current] = [before.split('\n'), now.split('\n')];
  const line = current.findIndex((text, index) => text !== old[index]);
  const at = line < 0 ? current.length : line;
  return `line ${at + 1} is ${show(current[at])}, and was ${show(old[at])}`;
}

function show(line: string | undefined): string {
  return line === undefined ? 'not there' : JSON.stringify(line.slice(0, 100));
}
