import { createInterface } from 'node:readline/promises';
import { UserError } from '../support/user-error.ts';

/** Whether the person at the terminal says yes. Throws {@link UserError} where there is nobody to ask. */
export async function confirm(question: string, instead: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError(`there is no terminal to ask on: ${instead}`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } catch {
    // Interrupted: that is no yes.
    return false;
  } finally {
    terminal.close();
  }
}
