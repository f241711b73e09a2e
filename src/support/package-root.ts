import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}

/** The package's own folder, which holds specs/, schemas/ and reporters/, from a bundle as from source. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));
