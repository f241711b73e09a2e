import { readdirSync, readFileSync, statSync } from 'node:fs';
import { thisUser } from '../system/this-user.ts';
import { join } from 'node:path';
import { inside } from '../support/resolve-inside.ts';

/** Configuration files are small; a larger file is none. Bytes. */
const maxBytes = 256 * 1024;

/**
 * `FILE:LINE` of the first line of these ssh configuration files that sets an option; empty where none does. `root`: where
 * the file system is seen in which they lie.
 */
export function whereSet(option: string, files: readonly string[], root = ''): string {
  const first = firstSet(option, files, root);
  return first === null ? '' : `${first.file}:${first.line}`;
}

/** The value of that line, as it stands; empty where no file sets the option. */
export function valueSet(option: string, files: readonly string[], root = ''): string {
  return firstSet(option, files, root)?.value ?? '';
}

function firstSet(
  option: string,
  files: readonly string[],
  root: string,
): { file: string; line: number; value: string } | null {
  const sets = new RegExp(`^\\s*${option}(?:\\s*=\\s*|\\s+)(.*)$`, 'i');
  for (const file of files) {
    for (const [index, text] of linesOf(inside(root, file)).entries()) {
      const value = sets.exec(text)?.[1];
      if (value !== undefined) return { file, line: index + 1, value: value.trim() };
    }
  }
  return null;
}

/** The files that ssh reads where they exist, in its order: this user's own, then the system's with those of its folder. */
export function configFiles(): string[] {
  const folder = '/etc/ssh/ssh_config.d';
  let others: string[] = [];
  try {
    others = readdirSync(folder).filter((name) => name.endsWith('.conf'));
  } catch {
    // Not every system has the folder.
  }
  return [
    join(thisUser().homedir, '.ssh/config'),
    ...others.sort().map((name) => join(folder, name)),
    '/etc/ssh/ssh_config',
  ];
}

function linesOf(file: string): string[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile() || stat.size > maxBytes) return [];
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
