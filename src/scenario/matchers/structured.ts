import type { Json } from '../observation.ts';
import { pointToEach } from '../pointer.ts';
import { entriesOf, expectThat, isMapping, type Matcher, type Mismatch } from './matcher.ts';

/** A text in a format for structured data, or the flaw that makes it none. */
export type Read = (text: string) => { value: Json } | { flaw: string };

/** A matcher for the parts of a structure: a JSON pointer to an expectation, for each part. */
export function structured(name: string, format: string, read: Read): Matcher {
  return {
    name,
    judges: ['text', 'list', 'mapping'],
    check: (actual, operand, path, match) => {
      const found =
        typeof actual === 'string' ? read(actual) : actual === undefined ? { flaw: '' } : { value: actual };
      if ('flaw' in found)
        return expectThat(false, {
          matcher: name,
          path,
          expected: operand,
          actual,
          wanted: `${format} with ${JSON.stringify(operand)}`,
          flaw: found.flaw,
        });
      return entriesOf(operand).flatMap(([pointer, expected]) =>
        firstMissed(
          pointToEach(found.value, pointer).map(
            (part) => () => match(part.value, expected, `${path}#${part.pointer}`),
          ),
        ),
      );
    },
    inside: (operand) =>
      entriesOf(operand).map(([pointer, expected]) => ({ path: [pointer], expected, kinds: 'any' })),
    operandProblem: (operand) => {
      if (!isMapping(operand)) return 'it has a matcher for each JSON pointer: {/system/value: x86_64-linux}';
      const wrong = Object.keys(operand).find((pointer) => pointer !== '' && !pointer.startsWith('/'));
      return wrong === undefined ? null : `${JSON.stringify(wrong)} is not a JSON pointer; write /${wrong}`;
    },
  };
}

/** What the first that fails reports. A list can have any number of items that fail in the same way. */
export function firstMissed(checks: readonly (() => Mismatch[])[]): Mismatch[] {
  for (const check of checks) {
    const missed = check();
    if (missed.length > 0) return missed;
  }
  return [];
}

/** No real data is nested deeper. What is would overflow the stack of what prints it. */
const deepest = 200;

/** Also true for a structure that contains itself. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return true;
    const inner = level.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
    // An alias of YAML makes the same value appear many times.
    level = [...new Set(inner)];
  }
  return false;
}
