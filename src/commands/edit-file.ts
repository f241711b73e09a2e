import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chown, copyFile, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { UserError } from './user-error.ts';

/**
 * Changes a text file as a whole or not at all, with owner and mode as they were, and keeps a copy beside it. A file
 * that is not there yet is made. Returns the path of the copy, null where there was nothing to copy. Throws
 * {@link UserError}.
 */
export async function editFile(path: string, change: (text: string) => string): Promise<string | null> {
  try {
    // A link stays a link: what it points to is changed.
    const file = await realpath(path).catch(() => path);
    if (file.startsWith('/nix/store/'))
      throw new UserError(
        `${path} is made by NixOS, nix-darwin or home-manager: change it in their configuration`,
      );
    const before = await stat(file).catch(() => null);
    const text = before === null ? '' : await readFile(file, 'utf8');
    const changed = change(text);
    const copy = before === null ? null : `${file}.backup-${new Date().toISOString().replace(/[-:.]/g, '')}`;
    if (copy !== null && before !== null) {
      await copyFile(file, copy, constants.COPYFILE_EXCL);
      await chown(copy, before.uid, before.gid);
    }
    await replace(file, changed, before ?? { mode: 0o644 });
    return copy;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`cannot change ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function replace(
  file: string,
  text: string,
  { mode, uid, gid }: { mode: number; uid?: number; gid?: number },
): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      if (uid !== undefined && gid !== undefined) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** A line after what is there. */
export function withLine(text: string, line: string): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** Text with one passage in place of another. Throws {@link UserError} unless there is exactly one such passage. */
export function withReplaced(text: string, old: string, by: string): string {
  const parts = text.split(old);
  if (old === '' || parts.length !== 2)
    throw new UserError(`"${old}" is there ${parts.length - 1} times, not once: change it by hand`);
  return parts.join(by);
}
