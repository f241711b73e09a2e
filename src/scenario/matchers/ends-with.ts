import { expectThat, type Matcher } from './matcher.ts';

/** A text that ends with another. As for `equals`, the last newline of a command does not count. */
export const endsWith: Matcher = {
  name: 'endsWith',
  judges: ['text'],
  check: (actual, operand, path) => {
    const holds =
      typeof actual === 'string' &&
      typeof operand === 'string' &&
      (actual.endsWith(operand) || actual.replace(/\n+$/, '').endsWith(operand));
    return expectThat(holds, {
      matcher: 'endsWith',
      path,
      expected: operand,
      actual,
      wanted: `a text that ends with ${JSON.stringify(operand)}`,
    });
  },
  operandProblem: (operand) =>
    typeof operand === 'string' && operand !== '' ? null : 'it must be a text that is not empty',
};
