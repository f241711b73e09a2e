import type { Json } from '../observation.ts';
import { type Comparison, comparisons } from './compare.ts';
import { entriesOf, expectThat, inWords, isMapping, isTemplate, type Kind, type Matcher } from './matcher.ts';

/** A quantity with units, such as a size. */
interface Quantity {
  name: string;
  judges: readonly Kind[];
  /** An operand as people write it. */
  example: string;
  /** A limit in the unit of `read`, or null. */
  limit: (operand: Json) => number | null;
  /** The value that is judged. `path` can end with a unit: `durationMs`. */
  read: (actual: Json, path: string) => number | null;
}

/** A matcher that compares quantities: `{atLeast: 2GiB, below: 1TiB}`. */
export function measured({ name, judges, example, limit, read }: Quantity): Matcher {
  return {
    name,
    judges,
    check: (actual, operand, path) => {
      const seen = actual === undefined ? null : read(actual, path);
      return entriesOf(operand).flatMap(([key, given]) => {
        const wanted = isComparison(key) ? `a ${name} of ${comparisons[key].words} ${inWords(given)}` : '';
        const most = limit(given);
        if (!isComparison(key) || most === null)
          return expectThat(false, {
            matcher: name,
            path,
            expected: operand,
            actual,
            reason: `${path} cannot be compared: ${JSON.stringify(given)} is not a ${name} such as ${example}`,
          });
        return expectThat(seen !== null && comparisons[key].holds(seen, most), {
          matcher: name,
          path,
          expected: operand,
          actual,
          wanted,
          ...(seen === null ? { flaw: `is not a ${name}` } : {}),
        });
      });
    },
    operandProblem: (operand) => {
      const entries = entriesOf(operand);
      if (!isMapping(operand) || entries.some(([key]) => !isComparison(key)))
        return `it has the keys ${Object.keys(comparisons).join(', ')}: {atLeast: ${example}}`;
      const [, wrong] = entries.find(([, given]) => !isTemplate(given) && limit(given) === null) ?? [];
      return wrong === undefined
        ? null
        : `${JSON.stringify(wrong)} is not a ${name}; write for example ${example}`;
    },
  };
}

function isComparison(key: string): key is Comparison {
  return Object.hasOwn(comparisons, key);
}
