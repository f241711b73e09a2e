import type { FixStep } from '../generated/types.ts';
import { oneLine } from '../report/escape/visible.ts';
import { clientTransport } from '../transport/local-process.ts';
import { editFile, withFirst, withLine, withReplaced } from './edit-file.ts';
import { isNew, openOrdinary } from './ordinary-file.ts';
import { UserError } from '../support/user-error.ts';

const stepTimeoutMs = 60_000;

/**
 * Does one safe step here, and says what was done. What it changes must be an ordinary file ({@link openOrdinary}); this
 * is checked immediately before. Throws {@link UserError} when the step is refused or fails.
 */
export async function applyStep(step: FixStep, signal: AbortSignal): Promise<string> {
  const { run = ':', edit, object, change } = step;
  const permissions = change?.permissions;
  const path = permissions?.path ?? edit?.file ?? object ?? '';
  if (edit?.add !== undefined && (await isNew(path))) return editStep(edit);
  const file = await openOrdinary(path);
  try {
    if (permissions !== undefined) {
      const { mode = '', owner } = permissions;
      if (owner === 'root') await file.chown(0, (await file.stat()).gid);
      if (mode !== '')
        await file.chmod(mode === 'go-w' ? (await file.stat()).mode & 0o755 : parseInt(mode, 8));
      return 'done';
    }
    return edit === undefined ? await runStep(run, signal) : await editStep(edit);
  } finally {
    await file.close();
  }
}

async function editStep(edit: NonNullable<FixStep['edit']>): Promise<string> {
  const { file, add, first, replace = '', with: by = '' } = edit;
  const copy = await editFile(file, (text) => {
    if (add !== undefined) return withLine(text, add);
    return first === undefined ? withReplaced(text, replace, by) : withFirst(text, first);
  });
  return `changed ${oneLine(file)}${copy === null ? '' : `; as it was: ${oneLine(copy)}`}`;
}

async function runStep(run: string, signal: AbortSignal): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const { exitCode, stdout, stderr } = await clientTransport({ env, cwd: '/' }).run(run, {
    timeoutMs: stepTimeoutMs,
    signal,
  });
  if (exitCode !== 0)
    throw new UserError(`the step failed (exit ${exitCode ?? 'none'}): ${`${stderr}${stdout}`.trim()}`);
  return 'done';
}
