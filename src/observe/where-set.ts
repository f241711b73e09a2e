import { readFileSync, statSync } from 'node:fs';

/** Configuration files are small; a larger file is none. Bytes. */
const maxBytes = 256 * 1024;

/** `FILE:LINE` of the first line of these ssh configuration files that sets an option; empty where none does. */
export function whereSet(option: string, files: readonly string[]): string {
  const sets = new RegExp(`^\\s*${option}[\\s=]`, 'i');
  for (const file of files) {
    const index = linesOf(file).findIndex((line) => sets.test(line));
    if (index >= 0) return `${file}:${index + 1}`;
  }
  return '';
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
