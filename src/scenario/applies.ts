import { unmet } from './condition.ts';
import { falseInWords } from './known-names.ts';
import type { Json } from './observation.ts';
import type { Expectation, Scenario } from './scenario.ts';
import type { Context } from './template/context.ts';
import { renderValue } from './template/render.ts';
import { wordMismatch } from './words.ts';

/** Why a scenario does not apply: the first part of its condition that does not hold, and what was there instead. */
export interface NotApplied {
  applies: false;
  reason: string;
  /** A dotted path such as `builder.scheme` or `facts.shell`. */
  key: string;
  actual: Json | undefined;
}

/** Whether a scenario applies to this builder; if not, why. */
export function applies(
  { when = {}, otherwise = {} }: Pick<Scenario, 'when' | 'otherwise'>,
  context: Context,
): { applies: true } | NotApplied {
  const [first] = unmet(renderValue(when, context) as Expectation, { context });
  if (first === undefined) return { applies: true };
  const [root = '', name = ''] = first.path.split('.');
  const isFalse = first.actual === false ? falseInWords[`${root}.${name}`] : undefined;
  return {
    applies: false,
    reason: `does not apply: ${otherwise[first.path] ?? isFalse ?? wordMismatch(first)}`,
    key: first.path,
    actual: first.actual,
  };
}
