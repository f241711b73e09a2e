import type { Json } from '../observation.ts';
import { secondsIn } from './duration.ts';
import { entriesOf, expectThat, inWords, isTemplate, keysProblem, type Matcher } from './matcher.ts';
import { dateIn, momentOf } from './moment.ts';

/** A date `before` or `after` another one, or `within` a duration of the time of the observation. */
export const date: Matcher = {
  name: 'date',
  judges: ['text', 'number'],
  check: (actual, operand, path, _match, now) =>
    entriesOf(operand).flatMap(([key, given]) => {
      const seen = dateOf(actual);
      const mismatch = { matcher: 'date', path, expected: operand, actual };
      const holds = typeof given === 'string' ? (tests.get(key)?.(seen ?? now, given, now) ?? null) : null;
      if (holds === null)
        return expectThat(false, {
          ...mismatch,
          reason: `${path} cannot be compared: ${JSON.stringify(given)} is not a ${right(key)}`,
        });
      return expectThat(seen !== null && holds, {
        ...mismatch,
        wanted: wantedOf(key, inWords(given), now),
        ...(seen === null ? { flaw: 'is not a date' } : {}),
      });
    }),
  operandProblem: (operand) => {
    const wrongKeys = keysProblem(operand, ['after', 'before', 'within'], '{after: now+14d}');
    if (wrongKeys !== null) return wrongKeys;
    const isRead = (key: string, given: Json): boolean =>
      typeof given === 'string' && (tests.get(key)?.(0, given, 0) ?? null) !== null;
    const wrong = entriesOf(operand).find(([key, given]) => !isTemplate(given) && !isRead(key, given));
    return wrong === undefined ? null : `${JSON.stringify(wrong[1])} is not a ${right(wrong[0])}`;
  },
};

/** Null: what is given cannot be read. */
type Test = (seen: number, given: string, now: number) => boolean | null;

const tests: ReadonlyMap<string, Test> = new Map([
  ['before', compared((seen, limit) => seen < limit)],
  ['after', compared((seen, limit) => seen > limit)],
  [
    'within',
    (seen, given, now) => {
      const seconds = secondsIn(given);
      return seconds === null ? null : Math.abs(seen - now) <= seconds * 1000;
    },
  ],
]);

function compared(holds: (seen: number, limit: number) => boolean): Test {
  return (seen, given, now) => {
    const limit = momentOf(given, now);
    return limit === null ? null : holds(seen, limit);
  };
}

function right(key: string): string {
  return key === 'within' ? 'duration such as 5m' : 'date such as now+14d or 2026-01-31';
}

/** Numbers are seconds since 1970. */
function dateOf(actual: Json | undefined): number | null {
  if (typeof actual === 'string') return dateIn(actual);
  return typeof actual === 'number' && isDate(actual * 1000) ? actual * 1000 : null;
}

function wantedOf(key: string, given: string, now: number): string {
  if (key === 'within') return `a date within ${given} of ${written(now)}`;
  const limit = given.startsWith('now') ? momentOf(given, now) : null;
  return limit === null ? `a date ${key} ${given}` : `a date ${key} ${written(limit)} (${given})`;
}

function written(time: number): string {
  return isDate(time) ? new Date(time).toISOString().replace(/\.\d+Z$/, 'Z') : 'that time';
}

/** Whether JavaScript can write it as a date. */
function isDate(time: number): boolean {
  return Math.abs(time) <= 8.64e15;
}
