import { quote } from '../shell-quote.ts';
import type { Command } from './transport.ts';

/** The command line for the remote login shell, whatever shell that is: fish and zsh read these quotes alike. */
export function remoteCommandLine(command: Command): string {
  return typeof command === 'string' ? `sh -c ${quote(command)}` : command.map(quote).join(' ');
}
