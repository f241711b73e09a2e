/**
 * One word for a POSIX shell, whatever it holds. Throws for NUL, which no shell word can hold.
 * Not a library: this runs as root, and three lines can be checked by every reader.
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a shell word cannot hold NUL');
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** As {@link quote}, but a word that means the same without quotes stays as it is, for people to read. */
export function quoteIfNeeded(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quote(word);
}
