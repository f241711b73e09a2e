import type { ScenarioDocument } from '../../generated/types.ts';
import { fixProblem } from '../check-fix.ts';
import type { PathProblem } from '../schema-problems.ts';

/** Hints that are reached, name a cause, and have steps of a known shape. */
export function checkHints({ hint = [] }: ScenarioDocument): PathProblem[] {
  return hint.flatMap(({ when, cause, fix = [] }, index): PathProblem[] => {
    const path = ['hint', index];
    const problems: PathProblem[] = [];
    if (when === undefined && index < hint.length - 1) {
      problems.push({
        path: ['hint', index + 1],
        code: 'unreachable-hint',
        what: 'this hint is never reached: the one before it has no "when" and always matches',
        fix: 'move the hint without "when" to the end',
      });
    }
    if (when !== undefined && cause === undefined) {
      problems.push({
        path,
        code: 'hint-without-cause',
        what: 'this hint has "when" but no "cause"',
        fix: 'add cause: and a short id such as key-too-open',
      });
    }
    fix.forEach((step, number) => {
      const found = fixProblem(step);
      if (found === null) return;
      problems.push({ path: [...path, 'fix', number, ...found.path], code: 'fix-shape', ...found.problem });
    });
    return problems;
  });
}
