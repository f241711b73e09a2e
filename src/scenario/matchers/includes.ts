import { isDeepStrictEqual } from 'node:util';
import { expectThat, type Matcher } from './matcher.ts';

/** A list that has an item. */
export const includes: Matcher = {
  name: 'includes',
  judges: ['list'],
  check: (actual, operand, path) => {
    const holds = Array.isArray(actual) && actual.some((item) => isDeepStrictEqual(item, operand));
    return expectThat(holds, { matcher: 'includes', path, expected: operand, actual, missing: [operand] });
  },
};

/** A list that has all these items. */
export const includesAll: Matcher = {
  name: 'includesAll',
  judges: ['list'],
  check: (actual, operand, path) => {
    const wanted = Array.isArray(operand) ? operand : [operand];
    const missing = wanted.filter(
      (item) => !Array.isArray(actual) || !actual.some((have) => isDeepStrictEqual(have, item)),
    );
    return expectThat(missing.length === 0, {
      matcher: 'includesAll',
      path,
      expected: operand,
      actual,
      missing,
    });
  },
};
