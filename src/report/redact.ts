import type { Report } from '../generated/types.ts';

const mask = '[secret removed]';

/** Shapes of secrets, whatever their value. */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, mask],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]+):[^\s@/]+@/gi, `$1:${mask}@`],
  [
    /\b(gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{20,}|xox[abp]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16})\b/g,
    mask,
  ],
  [/\b(access-tokens\s*=?\s*)\S+(?:[ \t]+\S+=\S+)*/g, `$1${mask}`],
  [/\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{16,}/g, `$1${mask}`],
];

/** Text without secrets that can be told by their shape. */
export function redactText(text: string): string {
  return shapes.reduce((result, [shape, replacement]) => result.replace(shape, replacement), text);
}

/** The report without secrets: by shape, and each of `secrets` wherever it stands (the longest first). */
export function redact(report: Report, secrets: readonly string[] = []): Report {
  const values = secrets.filter((secret) => secret.length > 0).sort((a, b) => b.length - a.length);
  const clean = (text: string): string => {
    return values.reduce((result, secret) => result.replaceAll(secret, mask), redactText(text));
  };
  return mapStrings(report, clean) as Report;
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
  }
  return value;
}
