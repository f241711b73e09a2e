import type { Json } from '../observation.ts';
import { expectThat, type Matcher } from './matcher.ts';

/** Nothing there: no text but white space, no items, or no value at all. */
export const empty: Matcher = {
  name: 'empty',
  judges: ['text', 'null', 'list', 'mapping'],
  check: (actual, operand, path) =>
    expectThat(isEmpty(actual) === operand, { matcher: 'empty', path, expected: operand, actual }),
};

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  return typeof value === 'object' && Object.keys(value).length === 0;
}
