import { expectThat, type Matcher } from './matcher.ts';

/** One of several values. Its items are values, those of `anyOf` can be matchers. */
export const oneOf: Matcher = {
  name: 'oneOf',
  check: (actual, operand, path, match) => {
    const values = Array.isArray(operand) ? operand : [];
    return expectThat(
      values.some((value) => match(actual, { equals: value }, path).length === 0),
      {
        matcher: 'oneOf',
        path,
        expected: operand,
        actual,
        wanted: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
      },
    );
  },
  inside: (operand, kinds) =>
    Array.isArray(operand)
      ? operand.map((value, index) => ({ path: [index], expected: { equals: value }, kinds }))
      : [],
  operandProblem: (operand) =>
    Array.isArray(operand) && operand.length > 0 ? null : 'it must be a list of values',
};
