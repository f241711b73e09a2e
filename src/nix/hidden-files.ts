import { existsSync, readFileSync, statSync } from 'node:fs';
import type { DaemonNamespaces } from '../transport/namespaces.ts';
import { inside } from '../support/resolve-inside.ts';
import type { UnitOption } from './daemon-unit.ts';
import { type Blame, blame } from './daemon-confinement.ts';

/** Of files, those that this machine has and the daemon does not see. */
export function hiddenFrom({ root }: Pick<DaemonNamespaces, 'root'>, files: readonly string[]): string[] {
  if (root === '') return [];
  return [...new Set(files)].filter((file) => existsSync(file) && !isSeen(inside(root, file)));
}

/** Of files, those that the daemon sees with another text, or not at all. */
export function otherThere({ root }: Pick<DaemonNamespaces, 'root'>, files: readonly string[]): string[] {
  if (root === '') return [];
  return [...new Set(files)].filter((file) => existsSync(file) && !isSame(file, inside(root, file)));
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => statSync(file, { throwIfNoEntry: false }));
  if (a === undefined || b === undefined) return false;
  if (a.dev === b.dev && a.ino === b.ino) return true;
  return a.isFile() && b.isFile() && a.size === b.size && readFileSync(one).equals(readFileSync(other));
}

/** systemd puts an empty file that nobody may read in the place of what it hides (systemd.exec(5), InaccessiblePaths=). */
function isSeen(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !((stat.mode & 0o777) === 0 && stat.size === 0);
}

/** Where no unit's directive is known to hide them. */
const unknown: Blame = { says: '', undo: 'ProtectHome=no InaccessiblePaths= TemporaryFileSystem=' };

/** What in the daemon's unit hides files. */
export function whatHides(options: readonly UnitOption[], files: readonly string[]): Blame {
  const found = blame(options, 'hides', files);
  return found.says === '' ? unknown : found;
}
