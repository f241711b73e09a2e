import type { Json } from '../observation.ts';
import { pointTo } from '../pointer.ts';
import { expectThat, type Matcher } from './matcher.ts';

/** A text that is JSON, looked into with JSON pointers. */
export const json: Matcher = {
  name: 'json',
  check: (actual, operand, path, match) => {
    if (
      typeof actual !== 'string' ||
      typeof operand !== 'object' ||
      operand === null ||
      Array.isArray(operand)
    ) {
      return expectThat(false, { matcher: 'json', path, expected: operand, actual });
    }
    let parsed: Json;
    try {
      parsed = JSON.parse(actual) as Json;
    } catch {
      return expectThat(false, { matcher: 'json', path, expected: operand, actual });
    }
    return Object.entries(operand).flatMap(([pointer, expected]) =>
      match(pointTo(parsed, pointer), expected, `${path}#${pointer}`),
    );
  },
};
