import type { Json } from '../observation.ts';
import { expectThat, type Matcher, withoutLastNewlines } from './matcher.ts';

/** The number of characters of a text, without its last newline, or of items of a list. */
export const length: Matcher = {
  name: 'length',
  judges: ['text', 'list'],
  check: (actual, operand, path, match) => {
    const found = lengthOf(actual);
    return found === null
      ? expectThat(false, {
          matcher: 'length',
          path,
          expected: operand,
          actual,
          wanted: 'a text or a list',
          ...(actual === undefined ? {} : { flaw: 'has no length' }),
        })
      : match(found, operand, `length of ${path}`);
  },
  inside: (operand) => [{ path: [], expected: operand, kinds: ['number'] }],
};

/** Characters are code points of Unicode: an emoji is one or a few, whatever its number of bytes. */
function lengthOf(value: Json | undefined): number | null {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') return null;
  return Array.from(withoutLastNewlines(value)).length;
}
