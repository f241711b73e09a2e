import { numberIn } from './compare.ts';
import { measured } from './measured.ts';

const seconds: ReadonlyMap<string, number> = new Map([
  ...names(['ns'], 1e-9),
  ...names(['us', 'µs'], 1e-6),
  ...names(['ms'], 1e-3),
  ...names(['s', 'sec', 'secs', 'second', 'seconds'], 1),
  ...names(['m', 'min', 'mins', 'minute', 'minutes'], 60),
  ...names(['h', 'hr', 'hrs', 'hour', 'hours'], 3600),
  ...names(['d', 'day', 'days'], 86_400),
  ...names(['w', 'week', 'weeks'], 604_800),
]);

function names(units: string[], each: number): [string, number][] {
  return units.map((unit) => [unit, each]);
}

/** Seconds in a text such as `250ms`, `1h 30min`, or `2-03:04:05` as ps writes it; null for any other. */
export function secondsIn(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  // No duration is longer, and a hostile text may be.
  if (trimmed.length > 100) return null;
  const [, days = '0', hours = '0', minutes = '', rest = ''] =
    /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(trimmed) ?? [];
  if (minutes !== '')
    return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  if (!/^(?:\d+(?:\.\d+)?\s*[a-zµ]+[\s,]*)+$/.test(trimmed)) return null;
  let total = 0;
  for (const [, number, unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-zµ]+)/g)) {
    const each = seconds.get(unit);
    if (each === undefined) return null;
    total += Number(number) * each;
  }
  return total;
}

/** A duration: a text with units, or a number of seconds (of milliseconds where the field's name ends with `Ms`). */
export const duration = measured({
  name: 'duration',
  judges: ['text', 'number'],
  example: '5s',
  limit: (operand) => (typeof operand === 'string' ? secondsIn(operand) : null),
  read: (actual, path) => {
    const number = typeof actual === 'string' ? numberIn(actual) : actual;
    if (typeof number === 'number') return path.endsWith('Ms') ? number / 1000 : number;
    return typeof actual === 'string' ? secondsIn(actual) : null;
  },
});
