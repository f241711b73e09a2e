import { existsSync, readFileSync, statSync } from 'node:fs';
import { thisUser } from '../transport/this-user.ts';
import { join } from 'node:path';
import type { DaemonPlace } from '../transport/daemon-place.ts';
import { inside } from '../transport/resolve-inside.ts';
import { optionsIn, type SshConfig } from '../transport/ssh-config.ts';
import type { UnitOption } from '../transport/daemon-unit.ts';
import { type Blame, blame } from './confinement.ts';

/** Of files, those that this machine has and the daemon does not see. */
export function hiddenFrom({ root }: Pick<DaemonPlace, 'root'>, files: readonly string[]): string[] {
  if (root === '') return [];
  return [...new Set(files)].filter((file) => existsSync(file) && !isSeen(inside(root, file)));
}

/** Of files, those that the daemon sees with another text, or not at all. */
export function otherThere({ root }: Pick<DaemonPlace, 'root'>, files: readonly string[]): string[] {
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

/** What ssh looks for in the file system: its configuration, keys, known hosts, and the socket of an agent. */
export function filesOfSsh(config: SshConfig, env: Readonly<Record<string, string>>): string[] {
  const [agent = ''] = optionsIn(config, 'IdentityAgent');
  return [
    join(thisUser().homedir, '.ssh/config'),
    ...config.identityFiles,
    ...config.userKnownHostsFiles,
    // ssh leaves out a key that is not there.
    ...[...(env['NIX_SSHOPTS'] ?? '').matchAll(/(?:^|\s)-i\s*(\S+)/g)].map(([, file = '']) => file),
    env['SSH_AUTH_SOCK'] ?? '',
    agent,
  ].filter((file) => file.startsWith('/'));
}

/** Where no unit's directive is known to hide them. */
const unknown: Blame = { says: '', undo: 'ProtectHome=no InaccessiblePaths= TemporaryFileSystem=' };

/** What in the daemon's unit hides files. */
export function whatHides(options: readonly UnitOption[], files: readonly string[]): Blame {
  const found = blame(options, 'hides', files);
  return found.says === '' ? unknown : found;
}
