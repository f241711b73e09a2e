import type { ScenarioDocument } from '../../generated/types.ts';
import { groupCount, regexProblem } from '../regex.ts';
import type { PathProblem } from '../schema-problems.ts';

/** Patterns that keep exactly one part of an output. */
export function checkCaptures({ capture = {} }: ScenarioDocument): PathProblem[] {
  return Object.entries(capture).flatMap(([name, { from, matches, pointer }]): PathProblem[] => {
    const path = ['capture', name];
    if (matches === undefined && pointer === undefined && from !== 'value') return [];
    if (matches !== undefined) {
      const why = regexProblem(matches);
      if (why !== null)
        return [
          {
            path: [...path, 'matches'],
            code: 'bad-regex',
            what: `matches: ${why}`,
            fix: 'correct it (RE2 syntax)',
          },
        ];
      if (groupCount(matches) !== 1)
        return [
          {
            path: [...path, 'matches'],
            code: 'capture-groups',
            what: `the pattern has ${groupCount(matches)} groups, and a capture keeps one`,
            fix: 'put parentheses round the part to keep',
          },
        ];
    }
    return [];
  });
}
