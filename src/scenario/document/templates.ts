import type { ScenarioDocument } from '../../generated/types.ts';
import { didYouMean } from '../../support/did-you-mean.ts';
import { builderNames, clientNames } from '../known-names.ts';
import type { Scenario } from '../scenario.ts';
import type { PathProblem } from '../schema-problems.ts';
import type { Mode } from '../template/quoting.ts';
import { TemplateError } from '../template/template-error.ts';
import { usesOf } from '../template/render.ts';
import type { Path } from './path.ts';

/** Every template: refused ones, and names that do not exist. Facts of other scenarios are checked with the suite. */
export function checkTemplates(data: ScenarioDocument, scenario: Scenario): PathProblem[] {
  const problems: PathProblem[] = [];
  const check = (text: unknown, path: Path, mode: Mode, roots: readonly string[]): void => {
    if (typeof text !== 'string' || !text.includes('{{')) return;
    try {
      for (const use of usesOf(text, mode)) {
        const what = unknownName(use.path, scenario, roots);
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
  const own = scenario.each === undefined ? [] : ['each'];
  const plain = ['builder', 'client', 'facts', 'vars', ...own];
  const seen = [...plain, 'observation'];
  const asked = [...plain, 'check'];
  if (scenario.each !== undefined) check(data.title, ['title'], 'plain', own);
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

function unknownName(path: string, { per, each }: Scenario, roots: readonly string[]): string | null {
  const [root = '', name = ''] = path.split('.');
  if (!roots.includes(root)) return `there is no {{${path}}}${didYouMean(root, roots)}`;
  if (root === 'builder' && per === 'client')
    return `{{${path}}}: a scenario that runs once per client has no builder`;
  const known = root === 'each' ? Object.keys(each ?? {}) : (knownNames[root] ?? null);
  if (known !== null && !known.includes(name)) return `there is no {{${path}}}${didYouMean(name, known)}`;
  return null;
}
