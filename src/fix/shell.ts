import { quoteIfNeeded } from '../support/shell-quote.ts';

/** Commands one after the other, each only if the one before succeeded. */
export function andThen(...commands: readonly string[]): string {
  return commands.filter((command) => command !== '').join(' && ');
}

/** A command that prints a line as it is. */
export function print(line: string): string {
  // Some shells' echo reads backslashes and options.
  return /^-|\\/.test(line) ? `printf '%s\\n' ${quoteIfNeeded(line)}` : `echo ${quoteIfNeeded(line)}`;
}

/** A command that puts a line at the end of a file, or at its start, and takes out the lines that `grep WORDS` finds. */
export function putLine(file: string, line: string, others: string, place: 'first' | 'last'): string {
  const [path, text] = [quoteIfNeeded(file), quoteIfNeeded(line)];
  const texts = place === 'last' ? `"$c" ${text}` : `${text} "$c"`;
  return `c=$(grep -v ${others} ${path}); printf '%s\\n' ${texts} > ${path}`;
}

/** A command that takes the lines that `grep WORDS` finds out of a file. */
export function without(file: string, others: string): string {
  const path = quoteIfNeeded(file);
  // In braces: after a command that failed, nothing may be written.
  return `{ c=$(grep -v ${others} ${path}); printf '%s\\n' "$c" > ${path}; }`;
}
