import type { ScenarioDocument } from '../generated/types.ts';
import { fixProblem } from './check-fix.ts';
import { didYouMean } from '../support/did-you-mean.ts';
import { builderNames, clientNames } from './known-names.ts';
import { matchers } from './matchers/index.ts';
import { groupCount, regexProblem } from './regex.ts';
import type { Scenario } from './scenario.ts';
import type { PathProblem } from './schema-problems.ts';
import { type Mode, TemplateError, usesOf } from './template.ts';

/** What a probe may be given. */
export interface ProbeParameters {
  parameters: readonly string[];
  required: readonly string[];
}

type Path = (string | number)[];

/** What a schema cannot see: templates, regular expressions, matchers' operands, and what contradicts itself. */
export function checkDocument(
  data: ScenarioDocument,
  scenario: Scenario,
  several: boolean,
  probes: ReadonlyMap<string, ProbeParameters> | null,
): PathProblem[] {
  return [
    ...checkShape(data, several),
    ...checkProbe(data, probes),
    ...checkConditions(data),
    ...checkOtherwise(data),
    ...checkCaptures(data),
    ...checkHints(data),
    ...checkTemplates(data, scenario),
  ];
}

function checkShape(data: ScenarioDocument, several: boolean): PathProblem[] {
  const problems: PathProblem[] = [];
  const add = (path: Path, code: string, what: string, fix: string, key = false): void =>
    void problems.push({ path, code, what, fix, key });
  if (data.command === undefined && data.probe === undefined) {
    add([], 'missing-key', 'the scenario has neither "command" nor "probe"', 'add command: and what to run');
  }
  if (data.command !== undefined && data.probe !== undefined) {
    add(
      ['probe'],
      'both-command-and-probe',
      'a scenario has either "command" or "probe", not both',
      'remove one of them',
      true,
    );
  }
  const asksBuilder = data.command !== undefined && (data.target ?? 'builder') === 'builder';
  const leavesTraces =
    (data.effect ?? 'none') !== 'none' || data.cleanup !== undefined || data.setup !== undefined;
  if (data.quick === true && (!asksBuilder || leavesTraces || data.stdin !== undefined))
    add(
      ['quick'],
      'quick-not-harmless',
      'only a command on the builder that changes nothing there and reads nothing can be "quick"',
      'remove it',
      true,
    );
  if (data.with !== undefined && data.probe === undefined)
    add(['with'], 'with-without-probe', '"with" is for a probe', 'remove it', true);
  for (const key of ['stdin', 'env', 'cwd', 'user'] as const)
    if (data[key] !== undefined && data.command === undefined)
      add([key], 'only-for-commands', `"${key}" is for a command`, 'remove it', true);
  if (several && data.id === undefined)
    add([], 'missing-id', 'in a file of several scenarios each needs an "id"', 'add id:');
  if (data.per === 'client' && (data.target ?? 'builder') === 'builder') {
    add(
      ['per'],
      'no-builder',
      'a scenario that runs once per client cannot run on a builder',
      'add target: client',
    );
  }
  return problems;
}

function checkProbe(
  { probe, with: given = {} }: ScenarioDocument,
  probes: ReadonlyMap<string, ProbeParameters> | null,
): PathProblem[] {
  if (probe === undefined || probes === null) return [];
  const known = probes.get(probe);
  if (known === undefined) {
    return [
      {
        path: ['probe'],
        code: 'unknown-probe',
        what: `there is no probe called "${probe}"${didYouMean(probe, probes.keys())}`,
        fix: `probes: ${[...probes.keys()].join(', ')}`,
      },
    ];
  }
  return [
    ...Object.keys(given)
      .filter((name) => !known.parameters.includes(name))
      .map((name) => ({
        path: ['with', name],
        key: true,
        code: 'unknown-key',
        what: `the probe ${probe} knows no "${name}"${didYouMean(name, known.parameters)}`,
        fix: `it knows: ${known.parameters.join(', ') || 'nothing'}`,
      })),
    ...known.required
      .filter((name) => !(name in given))
      .map((name) => ({
        path: ['probe'],
        code: 'missing-key',
        what: `the probe ${probe} needs "${name}"`,
        fix: `add with: {${name}: …}`,
      })),
  ];
}

/** Operands of matchers, wherever conditions stand; and a mix of matchers and keys that walk. */
function checkConditions(data: ScenarioDocument): PathProblem[] {
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
          fix: `mend the value${regex}`,
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
function checkOtherwise({ when = {}, otherwise = {} }: ScenarioDocument): PathProblem[] {
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

function checkCaptures({ capture = {} }: ScenarioDocument): PathProblem[] {
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
            fix: 'mend it (RE2 syntax)',
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

function checkHints({ hint = [] }: ScenarioDocument): PathProblem[] {
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

/** Every template: refused ones, and names that do not exist. Facts of other scenarios are checked with the suite. */
function checkTemplates(data: ScenarioDocument, scenario: Scenario): PathProblem[] {
  const problems: PathProblem[] = [];
  const check = (text: unknown, path: Path, mode: Mode, roots: readonly string[]): void => {
    if (typeof text !== 'string' || !text.includes('{{')) return;
    try {
      for (const use of usesOf(text, mode)) {
        const what = unknownName(use.path, scenario.per, roots);
        if (what !== null)
          problems.push({
            path,
            text: use.path,
            code: 'unknown-name',
            what,
            fix: `known: ${roots.join('.…, ')}.…`,
          });
      }
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      problems.push({ path, text: '{{', code: error.code, what: error.message, fix: '' });
    }
  };
  const visit = (value: unknown, path: Path, mode: Mode, roots: readonly string[]): void => {
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index], mode, roots));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value))
        visit(item, [...path, key], key === 'matches' ? 'regex' : mode, roots);
    } else check(value, path, mode, roots);
  };
  const plain = ['builder', 'client', 'facts', 'vars'];
  const seen = [...plain, 'observation'];
  const asked = [...plain, 'check'];
  if (typeof data.command === 'string') check(data.command, ['command'], 'shell', asked);
  else visit(data.command, ['command'], 'plain', asked);
  for (const key of ['setup', 'cleanup'] as const)
    data[key]?.forEach(({ command }, index) => check(command, [key, index, 'command'], 'shell', asked));
  for (const key of ['stdin', 'env', 'cwd', 'user'] as const) visit(data[key], [key], 'plain', asked);
  visit(data.with, ['with'], 'plain', asked);
  visit(data.expect, ['expect'], 'plain', asked);
  visit(data.when, ['when'], 'plain', plain);
  visit(data.inconclusive, ['inconclusive'], 'plain', plain);
  visit(data.retry?.when, ['retry', 'when'], 'plain', plain);
  check(data.says, ['says'], 'plain', plain);
  data.hint?.forEach(({ when, says, fix = [] }, index) => {
    const path = ['hint', index];
    visit(when, [...path, 'when'], 'plain', plain);
    check(says, [...path, 'says'], 'plain', seen);
    fix.forEach(({ run, module, ...plainly }, number) => {
      check(run, [...path, 'fix', number, 'run'], 'typed', seen);
      check(module, [...path, 'fix', number, 'module'], 'nix', seen);
      visit(plainly, [...path, 'fix', number], 'plain', seen);
    });
  });
  return problems;
}

const knownNames: Readonly<Record<string, readonly string[]>> = {
  builder: builderNames,
  client: clientNames,
  check: ['nonce'],
};

function unknownName(path: string, per: 'client' | 'builder', roots: readonly string[]): string | null {
  const [root = '', name = ''] = path.split('.');
  if (!roots.includes(root)) return `there is no {{${path}}}${didYouMean(root, roots)}`;
  if (root === 'builder' && per === 'client')
    return `{{${path}}}: a scenario that runs once per client has no builder`;
  const known = knownNames[root] ?? null;
  if (known !== null && !known.includes(name)) return `there is no {{${path}}}${didYouMean(name, known)}`;
  return null;
}
