import { quote } from '../support/shell-quote.ts';
import type { Command } from './transport.ts';

/** The command as `sh` reads it, in a process of its own. Throws for NUL, which no word can hold. */
export function shellCommandLine(command: Command): string {
  const words = typeof command === 'string' ? ['sh', '-c', command] : command;
  return words.map(quote).join(' ');
}
