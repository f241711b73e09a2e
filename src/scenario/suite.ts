import { didYouMean } from '../support/did-you-mean.ts';
import { neededOf } from './each.ts';
import { findCycle } from './order.ts';
import { type Problem, sortProblems } from './problem.ts';
import type { Scenario } from './scenario.ts';
import type { Mode } from './template/quoting.ts';
import { usesOf } from './template/render.ts';

/**
 * What can be seen only when all scenarios are known: ids, needs, and facts that nobody captures. What hangs on a
 * scenario that could not be read (`unread`) is no problem of its own.
 */
export function checkSuite(scenarios: readonly Scenario[], unread: readonly string[] = []): Problem[] {
  const problems: Problem[] = [];
  const add = (
    scenario: Scenario,
    path: readonly (string | number)[],
    problem: Pick<Problem, 'code' | 'what' | 'fix'>,
    text?: string,
  ): void => {
    const place = scenario.source.at(path, text);
    problems.push({ severity: 'error', file: scenario.source.file, ...place, ...problem });
  };
  const byId = new Map<string, Scenario>();
  for (const scenario of scenarios) {
    const other = byId.get(scenario.id);
    if (other === undefined) byId.set(scenario.id, scenario);
    else
      add(scenario, ['title'], {
        code: 'duplicate-id',
        what: `the id "${scenario.id}" is taken by ${other.source.file}`,
        fix: 'give it another name, or replaces: true to take its place',
      });
  }
  for (const scenario of scenarios) {
    scenario.needs.forEach((need, index) => {
      const needed = neededOf(byId, need);
      if (needed === undefined) {
        if (unread.includes(need)) return;
        add(scenario, ['needs', index], {
          code: 'unknown-need',
          what: `there is no scenario called "${need}"${didYouMean(need, byId.keys())}`,
          fix: `scenarios: ${[...byId.keys()].join(', ')}`,
        });
      } else if (scenario.per === 'client' && needed.per === 'builder') {
        add(scenario, ['needs', index], {
          code: 'need-of-builder',
          what: `"${need}" runs for each builder, so a scenario that runs once cannot need it`,
          fix: 'remove it, or remove per: client',
        });
      }
    });
    for (const { path, text, fact } of factsUsed(scenario)) {
      const { facts, whole } = capturedFor(scenario, byId, unread);
      if (whole && !facts.has(fact)) {
        add(
          scenario,
          path,
          {
            code: 'unknown-fact',
            what: `no scenario that this one needs captures "${fact}"${didYouMean(fact, facts)}`,
            fix: 'add the scenario that captures it to needs',
          },
          text,
        );
      }
    }
  }
  const cycle = findCycle(scenarios);
  const start = cycle === null ? undefined : byId.get(cycle[0] ?? '');
  if (cycle !== null && start !== undefined) {
    add(start, ['needs'], {
      code: 'cyclic-needs',
      what: `these scenarios need one another: ${cycle.join(' -> ')}`,
      fix: 'remove one of the needs',
    });
  }
  return sortProblems(problems);
}

/** Takes out default scenarios that a custom one of the same id replaces. */
export function applyReplacements(scenarios: readonly Scenario[]): Scenario[] {
  const replacing = new Map(
    scenarios.filter(({ replaces }) => replaces).map((scenario) => [scenario.id, scenario]),
  );
  return scenarios.filter((scenario) => {
    const other = replacing.get(scenario.id);
    return other === undefined || other === scenario;
  });
}

/** Facts that this scenario and all that it needs, near and far, capture; not `whole` where one of them is unread. */
function capturedFor(
  scenario: Scenario,
  byId: ReadonlyMap<string, Scenario>,
  unread: readonly string[],
): { facts: Set<string>; whole: boolean } {
  const facts = new Set<string>();
  const seen = new Set<Scenario>();
  let whole = true;
  const visit = (one: Scenario | undefined): void => {
    if (one === undefined || seen.has(one)) return;
    seen.add(one);
    for (const name of Object.keys(one.capture)) facts.add(name);
    for (const need of one.needs) {
      if (unread.includes(need)) whole = false;
      visit(neededOf(byId, need));
    }
  };
  visit(scenario);
  return { facts, whole };
}

interface FactUse {
  path: (string | number)[];
  text: string;
  fact: string;
}

function factsUsed(scenario: Scenario): FactUse[] {
  const found: FactUse[] = [];
  const visit = (value: unknown, path: (string | number)[], mode: Mode): void => {
    if (Array.isArray(value)) value.forEach((item, index) => visit(item, [...path, index], mode));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (key.startsWith('facts.'))
          found.push({ path: [...path, key], text: key, fact: key.split('.')[1] ?? '' });
        visit(item, [...path, key], key === 'matches' ? 'regex' : mode);
      }
    } else if (typeof value === 'string' && value.includes('{{')) {
      for (const use of usesOf(value, mode)) {
        const [root, fact = ''] = use.path.split('.');
        if (root === 'facts') found.push({ path, text: use.path, fact });
      }
    }
  };
  visit(scenario.command, ['command'], 'plain');
  visit(scenario.setup, ['setup'], 'shell');
  visit(scenario.cleanup, ['cleanup'], 'shell');
  for (const key of ['stdin', 'env', 'cwd', 'user'] as const) visit(scenario[key], [key], 'plain');
  visit(scenario.with, ['with'], 'plain');
  visit(scenario.when, ['when'], 'plain');
  visit(scenario.inconclusive, ['inconclusive'], 'plain');
  visit(scenario.retry.when, ['retry', 'when'], 'plain');
  visit(scenario.expect, ['expect'], 'plain');
  visit(scenario.says, ['says'], 'plain');
  visit(scenario.hint, ['hint'], 'plain');
  return found;
}
