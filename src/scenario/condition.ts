import { match } from './matchers/index.ts';
import type { Mismatch } from './matchers/matcher.ts';
import type { Json, Observation } from './observation.ts';
import type { Expectation } from './scenario.ts';
import type { Context } from './template/context.ts';

/** What a condition may speak of: an observation, and what is known of builder and client. */
export interface Scope {
  observation?: Observation;
  context: Context;
}

/** What of the condition does not hold; nothing when all of it does. Keys are observation fields or dotted paths. */
export function unmet(condition: Expectation, scope: Scope): Mismatch[] {
  const { at } = scope.observation ?? {};
  const now = at === undefined ? Date.now() : Date.parse(at);
  return Object.entries(condition).flatMap(([key, operand]) => {
    if (key === 'anyOf' || key === 'allOf') {
      const branches = (operand as Expectation[]).map((branch) => unmet(branch, scope));
      if (key === 'allOf') return branches.flat();
      return branches.some((missed) => missed.length === 0)
        ? []
        : [{ path: 'all', matcher: 'anyOf', expected: operand, actual: undefined, inner: branches.flat() }];
    }
    if (key === 'not') {
      return unmet(operand as Expectation, scope).length > 0
        ? []
        : [{ path: 'all', matcher: 'not', expected: operand, actual: undefined }];
    }
    return match(lookUp(key, scope), operand, key, now);
  });
}

function lookUp(key: string, { observation, context }: Scope): Json | undefined {
  const [root = '', ...rest] = key.split('.');
  const roots: Record<string, unknown> = { ...observation, ...context };
  let value = (Object.hasOwn(roots, root) ? roots[root] : undefined) as Json | undefined;
  for (const part of rest) {
    const inside =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, part);
    value = inside ? (value as Record<string, Json>)[part] : undefined;
  }
  return value;
}
