import type { ProbeParameters } from './document/probe.ts';
import { checkExamples } from './examples.ts';
import { checkGarbage } from './garbage.ts';
import { loadScenarios, type ScenarioFile } from './load.ts';
import { type Problem, sortProblems } from './problem.ts';
import type { Scenario } from './scenario.ts';
import { checkSuite } from './suite.ts';

/** Every problem of every file at once. `others` are the scenarios of other files, which these may need or replace. */
export function lintScenarios(
  files: readonly ScenarioFile[],
  others: readonly Scenario[],
  probes: ReadonlyMap<string, ProbeParameters>,
): Problem[] {
  const { scenarios, problems, unread } = loadScenarios(files, { probes });
  const paths = new Set(files.map(({ path }) => path));
  const known = others.filter(({ id }) => !scenarios.some((own) => own.id === id && own.replaces));
  return sortProblems([
    ...problems,
    ...checkSuite([...known, ...scenarios], unread).filter(({ file }) => paths.has(file)),
    ...scenarios.flatMap(checkExamples),
    ...scenarios.flatMap(checkGarbage),
  ]);
}
