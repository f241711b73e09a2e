import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { inside } from '../support/resolve-inside.ts';

/**
 * Of files, those that every user of this machine can read: by their own mode and those of the folders above them.
 * `root`: a folder in which they lie.
 */
export function openToOthers(files: readonly string[], root = ''): string[] {
  return files.filter((file) => {
    if (!file.startsWith('/')) return false;
    try {
      const real = root === '' ? realpathSync(file) : inside(root, file);
      return (statSync(real).mode & 0o004) !== 0 && isReachable(dirname(real), root || '/');
    } catch {
      return false;
    }
  });
}

/**
 * Of private keys, those that every user can read and that ssh uses all the same: it looks only at the mode of its own
 * user's files (OpenSSH, authfile.c: sshkey_perm_ok). `root`: where the daemon's file system is seen.
 */
export function keysOpenToOthers(files: readonly string[], root: string): string[] {
  return openToOthers(files, root).filter((file) => {
    const stat = statSync(inside(root, file));
    return stat.isFile() && stat.uid !== process.getuid?.();
  });
}

function isReachable(folder: string, top: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return folder === top || folder === '/' || isReachable(dirname(folder), top);
}
