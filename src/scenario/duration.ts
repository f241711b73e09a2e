const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

/** `500ms`, `20s`, `2m` in milliseconds; null for anything else. Not `ms`: it takes "-1h", "1y" and bare numbers, too. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  return match === null ? null : Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN);
}
