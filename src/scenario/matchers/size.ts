import type { Json } from '../observation.ts';
import { expectThat, type Matcher } from './matcher.ts';

/** A number as it is (or as a text spells it), a list by its length. */
function sizeOf(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.length;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

/** Comparisons with a number. What is no number is never right. */
function comparison(name: string, holds: (size: number, limit: number) => boolean): Matcher {
  return {
    name,
    check: (actual, operand, path) =>
      expectThat(holds(sizeOf(actual), Number(operand)), { matcher: name, path, expected: operand, actual }),
  };
}

export const atLeast: Matcher = comparison('atLeast', (size, limit) => size >= limit);
export const atMost: Matcher = comparison('atMost', (size, limit) => size <= limit);
export const above: Matcher = comparison('above', (size, limit) => size > limit);
export const below: Matcher = comparison('below', (size, limit) => size < limit);
