import { secretsIn } from './redact.ts';

/** One kind of secret that was taken out of data, and how often. */
export interface Removed {
  what: string;
  count: number;
}

/** What {@link redactor} takes out of `value`, by kinds. */
export function removedFrom(value: unknown, secrets: readonly string[]): Removed[] {
  const counts = new Map<string, number>();
  const count = (text: string): void => {
    for (const what of secretsIn(text, secrets)) counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  const visit = (item: unknown): void => {
    if (typeof item === 'string') count(item);
    else if (Array.isArray(item)) item.forEach(visit);
    else if (typeof item === 'object' && item !== null)
      for (const [key, own] of Object.entries(item)) {
        count(key);
        visit(own);
      }
  };
  visit(value);
  return [...counts].map(([what, times]) => ({ what, count: times }));
}
