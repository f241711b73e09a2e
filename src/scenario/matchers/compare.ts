import type { Json } from '../observation.ts';
import { expectThat, type Matcher } from './matcher.ts';

/** Comparisons by name, each with its words. */
export const comparisons = {
  atLeast: { holds: (seen: number, limit: number) => seen >= limit, words: 'at least' },
  atMost: { holds: (seen: number, limit: number) => seen <= limit, words: 'at most' },
  above: { holds: (seen: number, limit: number) => seen > limit, words: 'more than' },
  below: { holds: (seen: number, limit: number) => seen < limit, words: 'less than' },
} as const;

export type Comparison = keyof typeof comparisons;

/** A number as it is or as a text writes it, a list by its length; null: neither. */
function numberOf(value: Json | undefined): number | null {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.length;
  return typeof value === 'string' ? numberIn(value) : null;
}

/** The decimal number that a text consists of, or null. Not `Number`: it accepts "", "0x1f" and "Infinity". */
export function numberIn(text: string): number | null {
  const number = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(text)?.[1];
  return number === undefined ? null : Number(number);
}

function comparison(name: Comparison): Matcher {
  return {
    name,
    judges: ['number', 'list', 'text'],
    check: (actual, operand, path) => {
      const number = numberOf(actual);
      const holds = number !== null && comparisons[name].holds(number, Number(operand));
      return expectThat(holds, {
        matcher: name,
        path,
        expected: operand,
        actual,
        ...(number === null ? { flaw: 'is not a number' } : {}),
      });
    },
  };
}

export const atLeast: Matcher = comparison('atLeast');
export const atMost: Matcher = comparison('atMost');
export const above: Matcher = comparison('above');
export const below: Matcher = comparison('below');
