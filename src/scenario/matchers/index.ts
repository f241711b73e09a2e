import type { Json } from '../observation.ts';
import { endsWith, startsWith } from './affix.ts';
import { cidr } from './cidr.ts';
import { allOf, anyOf, not } from './combine.ts';
import { above, atLeast, atMost, below } from './compare.ts';
import { columns } from './columns.ts';
import { contains } from './contains.ts';
import { csv } from './csv.ts';
import { date } from './date.ts';
import { duration } from './duration.ts';
import { empty } from './empty.ts';
import { equals } from './equals.ts';
import { includes, includesAll } from './includes.ts';
import { ip } from './ip.ts';
import { json } from './json.ts';
import { jsonSchema } from './json-schema.ts';
import { length } from './length.ts';
import { lines } from './lines.ts';
import { isMapping, type Match, type Matcher, type Mismatch } from './matcher.ts';
import { matches } from './matches.ts';
import { oneOf } from './one-of.ts';
import { semver } from './semver.ts';
import { size } from './size.ts';
import { snapshot } from './snapshot.ts';
import { yaml } from './yaml.ts';

const all: readonly Matcher[] = [
  ...[
    equals,
    oneOf,
    contains,
    startsWith,
    endsWith,
    matches,
    empty,
    length,
    lines,
    columns,
    csv,
    json,
    yaml,
    jsonSchema,
  ],
  ...[snapshot, atLeast, atMost, above, below, size, duration, date, ip, cidr, semver, includes, includesAll],
  ...[anyOf, allOf, not],
];

/** Every matcher by its name. A new one is a file in this folder and its name in the list above. */
export const matchers: ReadonlyMap<string, Matcher> = new Map(all.map((matcher) => [matcher.name, matcher]));

/**
 * Judges a value. A bare value means `equals`; an object of matcher names judges; any other object walks into
 * the structure. What is not there never passes, except where something empty is expected. `now`: when the value was
 * observed, in milliseconds since 1970.
 */
export function match(
  actual: Json | undefined,
  expected: Json,
  path: string,
  now: number = Date.now(),
): Mismatch[] {
  const nested: Match = (inner, wanted, at) => match(inner, wanted, at, now);
  if (!isMapping(expected)) return equals.check(actual, expected, path, nested, now);
  return Object.entries(expected).flatMap(([key, operand]) => {
    const matcher = matchers.get(key);
    if (matcher !== undefined) return matcher.check(actual, operand, path, nested, now);
    const inner = isMapping(actual) && Object.hasOwn(actual, key) ? actual[key] : undefined;
    return nested(inner, operand, `${path}.${key}`);
  });
}
