import type { Command } from './transport.ts';

/** The command line for the remote login shell, whatever shell that is. */
export function remoteCommandLine(command: Command): string {
  const words = typeof command === 'string' ? ['sh', '-c', command] : command;
  return words.map(quoteForAnyShell).join(' ');
}

/**
 * One word that sh, bash, zsh and fish read alike. Backslashes stand outside the quotes, for fish takes some of
 * those inside as escapes. Throws for NUL, which no word can hold.
 */
export function quoteForAnyShell(word: string): string {
  if (word.includes('\0')) throw new RangeError('a shell word cannot hold NUL');
  return `'${word.replace(/['\\]/g, "'\\$&'")}'`;
}
