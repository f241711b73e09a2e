import { baseOf, neededOf } from './each.ts';
import { type Scenario, stages } from './scenario.ts';

/**
 * The scenarios so that each comes after those that it needs, and otherwise along a build's path: by stage, then
 * as they were given. Needs outside the list hold nothing up. A cycle is a problem found before (`checkSuite`).
 */
export function orderByNeeds(scenarios: readonly Scenario[]): Scenario[] {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  const ordered = new Set<Scenario>();
  const place = (scenario: Scenario, above: readonly string[]): void => {
    if (ordered.has(scenario) || above.includes(scenario.id)) return;
    for (const need of scenario.needs) {
      const needed = neededOf(byId, need);
      if (needed !== undefined) place(needed, [...above, scenario.id]);
    }
    ordered.add(scenario);
  };
  const along = [...scenarios].sort((a, b) => stages.indexOf(a.stage) - stages.indexOf(b.stage));
  for (const scenario of along) place(scenario, []);
  return [...ordered];
}

/** The first cycle among needs, e.g. `[a, b, a]`, or null. */
export function findCycle(scenarios: readonly Scenario[]): string[] | null {
  const needs = new Map(scenarios.map(({ id, needs: own }) => [id, own.map(baseOf)]));
  const done = new Set<string>();
  const visit = (id: string, above: readonly string[]): string[] | null => {
    const start = above.indexOf(id);
    if (start >= 0) return [...above.slice(start), id];
    if (done.has(id)) return null;
    for (const need of needs.get(id) ?? []) {
      const cycle = visit(need, [...above, id]);
      if (cycle !== null) return cycle;
    }
    done.add(id);
    return null;
  };
  for (const { id } of scenarios) {
    const cycle = visit(id, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
