import { isDeepStrictEqual } from 'node:util';
import { expectThat, type Matcher, withoutLastNewlines } from './matcher.ts';

/** The very same value. A command's last newline does not count. */
export const equals: Matcher = {
  name: 'equals',
  check: (actual, operand, path) => {
    const text =
      typeof actual === 'string' && typeof operand === 'string' ? withoutLastNewlines(actual) : actual;
    const holds = isDeepStrictEqual(actual, operand) || isDeepStrictEqual(text, operand);
    return expectThat(holds, { matcher: 'equals', path, expected: operand, actual });
  },
};
