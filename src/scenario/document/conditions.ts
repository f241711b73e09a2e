import type { ScenarioDocument } from '../../generated/types.ts';
import { didYouMean } from '../../support/did-you-mean.ts';
import { matchers } from '../matchers/index.ts';
import type { PathProblem } from '../schema-problems.ts';
import type { Path } from './path.ts';

/** Operands of matchers, wherever conditions stand; and a mix of matchers and keys that walk. */
export function checkConditions(data: ScenarioDocument): PathProblem[] {
  const problems: PathProblem[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      value.forEach((item, index) => visit(item, [...path, index]));
      return;
    }
    const keys = Object.keys(value);
    const known = keys.filter((key) => matchers.has(key));
    if (
      path.at(-1) !== 'json' &&
      known.length > 0 &&
      known.length < keys.length &&
      !['expect', 'when'].includes(String(path.at(-1)))
    ) {
      const odd = keys.find((key) => !matchers.has(key)) ?? '';
      problems.push({
        path: [...path, odd],
        key: true,
        code: 'unknown-matcher',
        what: `unknown matcher "${odd}"${didYouMean(odd, matchers.keys())}`,
        fix: `matchers: ${[...matchers.keys()].join(', ')}`,
      });
    }
    for (const [key, operand] of Object.entries(value)) {
      const why = matchers.get(key)?.operandProblem?.(operand as never) ?? null;
      if (why !== null) {
        const regex = key === 'matches' ? ' (RE2 syntax, without lookaround and back-references)' : '';
        problems.push({
          path: [...path, key],
          code: key === 'matches' ? 'bad-regex' : 'wrong-value',
          what: `${key}: ${why}`,
          fix: `correct the value${regex}`,
        });
      }
      if (
        typeof operand === 'object' &&
        operand !== null &&
        Object.keys(operand as object).length === 0 &&
        !['equals', 'includesAll'].includes(key)
      ) {
        problems.push({
          path: [...path, key],
          code: 'asserts-nothing',
          what: `${key} is empty, so it would pass whatever is seen`,
          fix: 'say what must be seen',
        });
      }
      if (!['equals', 'includes', 'includesAll', 'jsonSchema'].includes(key)) visit(operand, [...path, key]);
    }
  };
  visit(data.expect, ['expect']);
  visit(data.when, ['when']);
  visit(data.inconclusive, ['inconclusive']);
  visit(data.retry?.when, ['retry', 'when']);
  data.hint?.forEach(({ when }, index) => visit(when, ['hint', index, 'when']));
  return problems;
}

/** Words for a part of the condition that it does not have. */
export function checkOtherwise({ when = {}, otherwise = {} }: ScenarioDocument): PathProblem[] {
  return Object.keys(otherwise)
    .filter((key) => !Object.hasOwn(when, key))
    .map((key) => ({
      path: ['otherwise', key],
      key: true,
      code: 'unknown-key',
      what: `"when" has no "${key}"${didYouMean(key, Object.keys(when))}`,
      fix: `its keys: ${Object.keys(when).join(', ') || 'none'}`,
    }));
}
