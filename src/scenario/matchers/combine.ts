import type { Json } from '../observation.ts';
import { expectThat, type Inside, type Kinds, type Matcher } from './matcher.ts';

/** At least one of several. */
export const anyOf: Matcher = {
  name: 'anyOf',
  check: (actual, operand, path, match) => {
    const branches = (Array.isArray(operand) ? operand : [operand]).map((branch) =>
      match(actual, branch, path),
    );
    return expectThat(
      branches.some((missed) => missed.length === 0),
      { matcher: 'anyOf', path, expected: operand, actual, inner: branches.flat() },
    );
  },
  inside: branches,
};

/** All of several. */
export const allOf: Matcher = {
  name: 'allOf',
  check: (actual, operand, path, match) =>
    (Array.isArray(operand) ? operand : [operand]).flatMap((branch) => match(actual, branch, path)),
  inside: branches,
};

/** Not this. */
export const not: Matcher = {
  name: 'not',
  check: (actual, operand, path, match) =>
    expectThat(match(actual, operand, path).length > 0, { matcher: 'not', path, expected: operand, actual }),
  inside: (operand, kinds) => [{ path: [], expected: operand, kinds }],
};

function branches(operand: Json, kinds: Kinds): Inside[] {
  return Array.isArray(operand)
    ? operand.map((expected, index) => ({ path: [index], expected, kinds }))
    : [{ path: [], expected: operand, kinds }];
}
