import { expectThat, type Matcher } from './matcher.ts';

/** The lines of a text that are not blank, as a list; a bare number is how many there must be. */
export const lines: Matcher = {
  name: 'lines',
  judges: ['text'],
  check: (actual, operand, path, match) => {
    if (typeof actual !== 'string')
      return expectThat(false, { matcher: 'lines', path, expected: operand, actual });
    const list = actual.split(/\r?\n/).filter((line) => line.trim() !== '');
    if (typeof operand === 'number')
      return expectThat(list.length === operand, {
        matcher: 'lines',
        path,
        expected: operand,
        actual: list.length,
      });
    return match(list, operand, `${path}.lines`);
  },
  inside: (operand) =>
    typeof operand === 'number' ? [] : [{ path: [], expected: operand, kinds: ['list'] }],
};
