import type { Json } from '../observation.ts';
import { allOf, anyOf, not } from './combine.ts';
import { contains } from './contains.ts';
import { empty } from './empty.ts';
import { equals } from './equals.ts';
import { includes, includesAll } from './includes.ts';
import { json } from './json.ts';
import { jsonSchema } from './json-schema.ts';
import { lines } from './lines.ts';
import type { Matcher, Mismatch } from './matcher.ts';
import { matches } from './matches.ts';
import { semver } from './semver.ts';
import { snapshot } from './snapshot.ts';
import { above, atLeast, atMost, below } from './size.ts';

const all: readonly Matcher[] = [
  ...[equals, contains, matches, empty, lines, json, atLeast, atMost, above, below],
  ...[jsonSchema, snapshot, semver, includes, includesAll, anyOf, allOf, not],
];

/** Every matcher by its name. A new one is a file in this folder and its name in the list above. */
export const matchers: ReadonlyMap<string, Matcher> = new Map(all.map((matcher) => [matcher.name, matcher]));

/**
 * Judges a value. A bare value means `equals`; an object of matcher names judges; any other object walks into
 * the structure. What is not there never passes, except where something empty is expected.
 */
export function match(actual: Json | undefined, expected: Json, path: string): Mismatch[] {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return equals.check(actual, expected, path, match);
  }
  return Object.entries(expected).flatMap(([key, operand]) => {
    const matcher = matchers.get(key);
    if (matcher !== undefined) return matcher.check(actual, operand, path, match);
    const inner =
      typeof actual === 'object' && actual !== null && !Array.isArray(actual) ? actual[key] : undefined;
    return match(inner, operand, `${path}.${key}`);
  });
}
