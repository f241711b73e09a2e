import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** As for Nix's hook, which runs in the root folder. */
export function readFile(path: string): string | null {
  try {
    return readFileSync(resolve('/', path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
