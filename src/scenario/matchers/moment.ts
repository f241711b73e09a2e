import { secondsIn } from './duration.ts';

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const clock = '(?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,]\\d{1,9})?)?';
const zone = '(?<zone>Z|UTC|GMT|[+-]\\d\\d:?\\d\\d)';
const month = `(?<name>${months.join('|')})`;

/** Each form with what writes it. Not `Date.parse`: it reads "room 5" as a day of 2001. */
const forms = [
  // RFC 3339, ISO 8601, git, `date --iso`
  `(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)(?:[T ]${clock})?\\s?${zone}?`,
  // OpenSSL: Jan  5 12:00:00 2027 GMT
  `(?:\\w{3},? )?${month} +(?<day>\\d{1,2}) ${clock} (?<year>\\d{4})(?: ${zone})?`,
  // date: Mon Jan  5 12:00:00 UTC 2027
  `(?:\\w{3},? )?${month} +(?<day>\\d{1,2}) ${clock} ${zone} (?<year>\\d{4})`,
  // RFC 5322 and HTTP: Mon, 05 Jan 2027 12:00:00 GMT
  `(?:\\w{3}, )?(?<day>\\d{1,2}) ${month} (?<year>\\d{4}) ${clock} ${zone}`,
].map((form) => new RegExp(`^${form}$`, 'i'));

/** Milliseconds since 1970 in a text with a date, or null. Without a time zone it is UTC. */
export function dateIn(text: string): number | null {
  // openssl x509 -enddate writes the name before the date.
  const trimmed = text.trim().replace(/^not(?:After|Before)=/, '');
  if (trimmed.length > 100) return null;
  if (/^@?\d{9,11}(?:\.\d{1,9})?$/.test(trimmed)) return Number(trimmed.replace('@', '')) * 1000;
  for (const form of forms) {
    const groups = form.exec(trimmed)?.groups;
    if (groups !== undefined) return timeOf(groups);
  }
  return null;
}

function timeOf(parts: Record<string, string | undefined>): number | null {
  const number = (name: string): number => Number(parts[name] ?? 0);
  const month =
    parts['name'] === undefined ? number('month') : months.indexOf(parts['name'].toLowerCase()) + 1;
  const [day, hour, minute, second] = [number('day'), number('hour'), number('minute'), number('second')];
  const date = new Date(0);
  date.setUTCFullYear(number('year'), month - 1, day);
  // A day that the month does not have is one of the next month. A leap second is possible.
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 24 || minute > 59 || second > 60) return null;
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d\d):?(\d\d)$/.exec(parts['zone'] ?? '') ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000;
}

/** `now`, `now+14d`, `now-1h` or a date, in milliseconds since 1970; null for anything else. */
export function momentOf(operand: string, now: number): number | null {
  const [isRelative, sign, span = ''] = /^now\s*(?:([+-])\s*(.+))?$/.exec(operand.trim()) ?? [];
  if (isRelative === undefined) return dateIn(operand);
  if (sign === undefined) return now;
  const seconds = secondsIn(span);
  return seconds === null ? null : now + (sign === '-' ? -1 : 1) * seconds * 1000;
}
