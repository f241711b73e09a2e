import { nixText } from '../../machines/nix-text.ts';
import { quote, quoteIfNeeded } from '../../support/shell-quote.ts';
import { quoteRegex } from '../regex.ts';

/**
 * What a value becomes: `plain` text for people; one quoted word of a shell command (`shell`); the same, but
 * quoted only where needed, for a person to type (`typed`); a pattern that matches just the value (`regex`);
 * a string literal of the Nix language (`nix`).
 */
export type Mode = 'plain' | 'shell' | 'typed' | 'regex' | 'nix';

/** How each mode writes a value. */
export const write: Record<Mode, (text: string) => string> = {
  plain: (text) => text,
  shell: quote,
  typed: quoteIfNeeded,
  regex: quoteRegex,
  nix: nixText,
};
