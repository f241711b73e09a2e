import { expectThat, type Matcher } from './matcher.ts';

/** A text that begins with another. */
export const startsWith: Matcher = {
  name: 'startsWith',
  judges: ['text'],
  check: (actual, operand, path) =>
    expectThat(typeof actual === 'string' && typeof operand === 'string' && actual.startsWith(operand), {
      matcher: 'startsWith',
      path,
      expected: operand,
      actual,
      wanted: `a text that starts with ${JSON.stringify(operand)}`,
    }),
  operandProblem: (operand) =>
    typeof operand === 'string' && operand !== '' ? null : 'it must be a text that is not empty',
};
