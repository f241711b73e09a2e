import type { ScenarioDocument } from '../../generated/types.ts';
import { didYouMean } from '../../support/did-you-mean.ts';
import { matchers } from '../matchers/index.ts';
import { isMapping, isTemplate, type Kinds, type Matcher } from '../matchers/matcher.ts';
import type { Json } from '../observation.ts';
import type { PathProblem } from '../schema-problems.ts';
import { canBe, canJudge, kindsInWords, kindsOfField } from './kinds.ts';
import type { Path } from './path.ts';

/** A value that matchers judge: its name, and what it can be. */
interface Subject {
  name: string;
  kinds: Kinds;
}

/** Operands of matchers, wherever conditions stand; matchers that cannot judge what is there; and unknown ones. */
export function checkConditions(data: ScenarioDocument): PathProblem[] {
  return [
    ...inCondition(data.expect as Json, ['expect']),
    ...inCondition(data.when as Json, ['when']),
    ...inCondition(data.inconclusive as Json, ['inconclusive']),
    ...inCondition(data.retry?.when as Json, ['retry', 'when']),
    ...(data.hint ?? []).flatMap(({ when }, index) => inCondition(when as Json, ['hint', index, 'when'])),
  ];
}

/** Fields to expectations, and what combines such conditions. */
function inCondition(condition: Json | undefined, path: Path): PathProblem[] {
  if (!isMapping(condition)) return [];
  return Object.entries(condition).flatMap(([key, operand]) => {
    const own = [...path, key];
    if (key === 'not') return [...assertsNothing(key, operand, own), ...inCondition(operand, own)];
    if ((key === 'anyOf' || key === 'allOf') && Array.isArray(operand))
      return operand.flatMap((branch, index) => inCondition(branch, [...own, index]));
    return [
      ...assertsNothing(key, operand, own),
      ...inExpectation(operand, own, { name: key, kinds: kindsOfField(key) }),
    ];
  });
}

/** A bare value, matchers, or keys that walk into a structure. */
function inExpectation(expected: Json, path: Path, subject: Subject): PathProblem[] {
  if (!isMapping(expected)) return wrongType(expected, path, subject);
  const keys = Object.keys(expected);
  const odd = keys.find((key) => !matchers.has(key));
  const walks = canBe(subject.kinds, {}) && !keys.some((key) => matchers.has(key));
  return [
    ...(odd === undefined || walks ? [] : [unknownMatcher(odd, path)]),
    ...Object.entries(expected).flatMap(([key, operand]) => {
      const matcher = matchers.get(key);
      const own = [...path, key];
      if (matcher !== undefined) return inMatcher(matcher, operand, own, subject);
      return [
        ...assertsNothing(key, operand, own),
        ...inExpectation(operand, own, { name: key, kinds: 'any' }),
      ];
    }),
  ];
}

function inMatcher(matcher: Matcher, operand: Json, path: Path, subject: Subject): PathProblem[] {
  const { name, judges, inside } = matcher;
  if (!canJudge(judges, subject.kinds)) return [unfit(matcher, path, subject)];
  return [
    ...wrongOperand(matcher, operand, path),
    ...(name === 'equals' || name === 'includesAll' ? [] : assertsNothing(name, operand, path)),
    ...(name === 'equals' ? wrongType(operand, path, subject) : []),
    ...(inside?.(operand, subject.kinds) ?? []).flatMap(({ path: inner, expected, kinds }) =>
      inExpectation(expected, [...path, ...inner], {
        name: kinds === subject.kinds ? subject.name : String(inner.at(-1) ?? name),
        kinds,
      }),
    ),
  ];
}

function wrongOperand({ name, operandProblem }: Matcher, operand: Json, path: Path): PathProblem[] {
  const why = operandProblem?.(operand) ?? null;
  if (why === null) return [];
  const isRegex = name === 'matches';
  return [
    {
      path,
      code: isRegex ? 'bad-regex' : 'wrong-value',
      what: `${name}: ${why}`,
      fix: `correct the value${isRegex ? ' (RE2 syntax, without lookaround and back-references)' : ''}`,
    },
  ];
}

function assertsNothing(key: string, operand: Json, path: Path): PathProblem[] {
  if (typeof operand !== 'object' || operand === null || Object.keys(operand).length > 0) return [];
  return [
    {
      path,
      code: 'asserts-nothing',
      what: `${key} is empty, so it would pass whatever is seen`,
      fix: 'say what must be seen',
    },
  ];
}

function unknownMatcher(odd: string, path: Path): PathProblem {
  return {
    path: [...path, odd],
    key: true,
    code: 'unknown-matcher',
    what: `unknown matcher "${odd}"${didYouMean(odd, matchers.keys())}`,
    fix: `matchers: ${[...matchers.keys()].join(', ')}`,
  };
}

function unfit({ name, judges }: Matcher, path: Path, subject: Subject): PathProblem {
  const fitting = [...matchers.values()].filter((matcher) => canJudge(matcher.judges, subject.kinds));
  return {
    path,
    key: true,
    code: 'unfit-matcher',
    what: `${name} cannot judge ${subject.name}: ${name} is for ${kindsInWords(judges ?? 'any')}, and ${subject.name} is ${kindsInWords(subject.kinds)}`,
    fix: `matchers for ${subject.name}: ${fitting.map((matcher) => matcher.name).join(', ')}`,
  };
}

function wrongType(value: Json, path: Path, { name, kinds }: Subject): PathProblem[] {
  // The value of a template is known only when the check runs.
  if (canBe(kinds, value) || isTemplate(value)) return [];
  const quoted = canBe(kinds, '') && (typeof value === 'number' || typeof value === 'boolean');
  return [
    {
      path,
      code: 'wrong-type',
      what: `${name} is ${kindsInWords(kinds)}, so it never equals ${JSON.stringify(value)}`,
      fix: quoted ? `put it in quotes: "${String(value)}"` : `write ${kindsInWords(kinds)}, or a matcher`,
    },
  ];
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
