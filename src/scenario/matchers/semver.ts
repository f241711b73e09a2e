import semverCoerce from 'semver/functions/coerce.js';
import semverSatisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { expectThat, type Matcher } from './matcher.ts';

/** A version inside a range; `2.19.0pre2023` counts as 2.19.0. */
export const semver: Matcher = {
  name: 'semver',
  judges: ['text'],
  check: (actual, operand, path) => {
    const version = typeof actual === 'string' ? semverCoerce(actual) : null;
    const holds = version !== null && typeof operand === 'string' && semverSatisfies(version, operand);
    return expectThat(holds, { matcher: 'semver', path, expected: operand, actual });
  },
  operandProblem: (operand) =>
    typeof operand === 'string' && validRange(operand) !== null
      ? null
      : 'it is a range of versions such as ">=2.20 <3"',
};
