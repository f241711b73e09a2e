import { expectThat, type Matcher, withoutLastNewlines } from './matcher.ts';

/** A text that begins with another. */
export const startsWith = affix('startsWith', 'starts with', (text, part) => text.startsWith(part));

/** A text that ends with another. As for `equals`, the last newline of a command does not count. */
export const endsWith = affix(
  'endsWith',
  'ends with',
  (text, part) => text.endsWith(part) || withoutLastNewlines(text).endsWith(part),
);

function affix(name: string, words: string, test: (text: string, part: string) => boolean): Matcher {
  return {
    name,
    judges: ['text'],
    check: (actual, operand, path) =>
      expectThat(typeof actual === 'string' && typeof operand === 'string' && test(actual, operand), {
        matcher: name,
        path,
        expected: operand,
        actual,
        wanted: `a text that ${words} ${JSON.stringify(operand)}`,
      }),
    operandProblem: (operand) =>
      typeof operand === 'string' && operand !== '' ? null : 'it must be a text that is not empty',
  };
}
