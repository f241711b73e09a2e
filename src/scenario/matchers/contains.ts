import { expectThat, type Matcher } from './matcher.ts';

/** A text that holds another, or each of several. */
export const contains: Matcher = {
  name: 'contains',
  judges: ['text'],
  check: (actual, operand, path) => {
    const wanted = Array.isArray(operand) ? operand : [operand];
    const missing = wanted.filter(
      (part) => typeof actual !== 'string' || typeof part !== 'string' || !actual.includes(part),
    );
    return expectThat(missing.length === 0, {
      matcher: 'contains',
      path,
      expected: operand,
      actual,
      missing,
    });
  },
};
