const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };

/** `500ms`, `20s`, `2m` in milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  return match === null ? null : Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN);
}
