import { readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** As many links in one path as Linux follows. */
const mostLinks = 40;

/**
 * Where a path of a root folder lies outside, with every symbolic link resolved inside that folder; parts that do not
 * exist stay as they are. Throws where links go round in a circle.
 */
export function resolveInside(root: string, path: string): string {
  const left = path.split('/').reverse();
  const done: string[] = [];
  let links = 0;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = linkTarget(join(root, ...done, part));
    if (target === null) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > mostLinks) throw new Error(`${path}: too many symbolic links`);
    if (target.startsWith('/')) done.length = 0;
    left.push(...target.split('/').reverse());
  }
  return join(root, ...done);
}

/** The same where `root` may be empty, for no other root, and links may go round in a circle, which then lead nowhere. */
export function inside(root: string, file: string): string {
  if (root === '') return file;
  try {
    return resolveInside(root, file);
  } catch {
    return join(root, file);
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
