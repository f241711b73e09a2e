import { readScenarioFiles } from '../../src/setup/suite.ts';
import { probes } from '../../src/probes/index.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

/** The scenarios of `specs`, as they stand there. Throws where one has a problem. */
export async function defaultSuite(): Promise<Scenario[]> {
  const { scenarios, problems } = loadScenarios(await readScenarioFiles('specs'), { probes });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return scenarios;
}
