import { styleText } from 'node:util';
import type { Outcome } from '../../generated/types.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours where they are wanted; the same text without them. */
export type Paint = (style: Style, text: string) => string;

export function painter(color: boolean): Paint {
  // Whether to colour was decided from the options; the stream is not asked again.
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

export const styles: Readonly<Record<Outcome, Style>> = {
  pass: 'green',
  warn: 'yellow',
  fail: ['red', 'bold'],
  error: 'magenta',
  blocked: 'gray',
  skip: 'gray',
};
