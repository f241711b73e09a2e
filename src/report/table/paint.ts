import { styleText } from 'node:util';
import type { Outcome } from '../../generated/types.ts';

type Style = Parameters<typeof styleText>[0];

/** Colours where they are wanted; the same text without them. */
export type Paint = (style: Style, text: string) => string;

export function painter(color: boolean): Paint {
  // Whether to colour was decided from the options; the stream is not asked again.
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** Outcomes differ by shape, not by colour alone. */
export const marks: Readonly<Record<Outcome, { mark: string; style: Style; word: string }>> = {
  pass: { mark: '✓', style: 'green', word: 'pass' },
  warn: { mark: '!', style: 'yellow', word: 'warning' },
  fail: { mark: '✗', style: ['red', 'bold'], word: 'fail' },
  error: { mark: '?', style: 'magenta', word: 'not measured' },
  blocked: { mark: '·', style: 'gray', word: 'waits' },
  skip: { mark: '-', style: 'gray', word: 'does not apply' },
};
