import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../transport/socket.ts';
import { UserError } from '../support/user-error.ts';

/**
 * Opens what a safe step is to change, to hold it meanwhile: a regular file of root or of this user, no link, in folders
 * in which no other user can put something else in its place. Throws {@link UserError} for everything else. Never waits.
 */
export async function openOrdinary(path: string): Promise<FileHandle> {
  const refuse = (why: string): never => refuseFor(path, why);
  const found = await look(path);
  if (found === null) return refuse('does not exist');
  // Before it is opened: some devices act on that.
  const odd = oddity(found);
  if (odd !== '') return refuse(odd);
  await mustBeClosed(path, path);
  const file = await openFile(path).catch((error: unknown) =>
    refuse(`cannot be opened (${error instanceof Error ? error.message : String(error)})`),
  );
  const opened = await file.stat();
  const changed =
    opened.ino !== found.ino || opened.dev !== found.dev ? 'was replaced meanwhile' : oddity(opened);
  if (changed === '') return file;
  await file.close();
  return refuse(changed);
}

/** Whether a file is still to be made, in a folder in which no other user can. Throws {@link UserError}. */
export async function isNew(path: string): Promise<boolean> {
  if ((await look(path)) !== null) return false;
  await mustBeClosed(path, dirname(path));
  return true;
}

function refuseFor(path: string, why: string): never {
  throw new UserError(`${path} ${why}: nothing was changed`);
}

async function look(path: string): Promise<Stats | null> {
  if (!path.startsWith('/')) return refuseFor(path, 'is no absolute path');
  try {
    return await lstat(path);
  } catch (error) {
    const code = error instanceof Error ? errorCode(error) : '';
    return code === 'ENOENT' ? null : refuseFor(path, `cannot be looked at (${code})`);
  }
}

/** `there`: it, or the folder in which it will be. */
async function mustBeClosed(path: string, there: string): Promise<void> {
  const real = await realpath(there).catch(() => refuseFor(path, 'lies in a folder that does not exist'));
  const open = await folderOpenToOthers([...above(path), ...above(join(real, there === path ? '' : 'file'))]);
  if (open !== '') refuseFor(path, `lies below ${open}, where other users can replace it`);
}

function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Why this is no ordinary file; empty where it is. */
function oddity(found: Stats): string {
  if (found.isSymbolicLink()) return 'is a link';
  if (found.isDirectory()) return 'is a directory';
  if (!found.isFile()) return 'is no regular file';
  return isTrusted(found) ? '' : 'belongs to another user';
}

function isTrusted({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.();
}

/** The first of folders that belongs to another user, or in which others can replace files; or empty. */
async function folderOpenToOthers(folders: readonly string[]): Promise<string> {
  for (const folder of new Set(folders)) {
    const found = await stat(folder);
    // In a sticky folder each can replace only files of their own.
    const isShared = (found.mode & 0o022) !== 0 && (found.mode & 0o1000) === 0;
    if (isShared || !isTrusted(found)) return folder;
  }
  return '';
}

function above(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...above(folder), folder];
}
