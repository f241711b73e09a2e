import { regex, regexProblem } from '../regex.ts';
import { expectThat, type Matcher } from './matcher.ts';

/** A regular expression that finds something in a text. */
export const matches: Matcher = {
  name: 'matches',
  judges: ['text'],
  check: (actual, operand, path) => {
    const holds =
      typeof actual === 'string' && typeof operand === 'string' && regex(operand).matcher(actual).find();
    return expectThat(holds, { matcher: 'matches', path, expected: operand, actual });
  },
  operandProblem: (operand) => (typeof operand === 'string' ? regexProblem(operand) : 'it is a text'),
};
