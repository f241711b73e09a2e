import { visible } from '../report/escape/visible.ts';

/** Writes what is wrong on the command line. It quotes words that may come from others, so no control character passes. */
export function writeUsageError(message: string, write: (text: string) => void): void {
  // commander writes its suggestion on a line of its own; the other messages have it in the sentence.
  write(visible(message).replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?'));
}
