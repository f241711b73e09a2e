import { columnWidths, sayRows } from '../cli/print.ts';
import { namedScenarios } from '../engine/plan.ts';
import { wrap } from '../report/table/wrap.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { readSuiteToRun, type SuiteOptions } from '../setup/suite.ts';
import { usage } from '../setup/usage.ts';

interface ListOptions extends SuiteOptions {
  stage: string[];
  tag: string[];
  format: string;
}

/** `list`: the scenarios in the order in which they run. `--stage` and `--tag` select some, as for `check`. */
export async function list({ stage, tag, format, ...suite }: ListOptions): Promise<number> {
  const all = await readSuiteToRun(suite);
  const scenarios = usage(() => namedScenarios(all, { test: [], skip: [], skipTag: [], stage, tag }));
  if (format === 'json') {
    const rows = scenarios.map(({ id, title, stage: own, per, needs, tags, effect, severity }) => ({
      id,
      title,
      stage: own,
      per,
      needs,
      tags,
      effect,
      severity,
    }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  sayRows(rowsOf(scenarios, process.stdout.isTTY ? process.stdout.columns : 100));
  return 0;
}

/** The last column is broken into lines, so that no row is wider than `width`. */
function rowsOf(scenarios: readonly Scenario[], width: number): string[][] {
  const heads = ['STAGE', 'SCENARIO', 'PER', 'EFFECT'];
  const firsts = scenarios.map(({ stage, id, per, effect }) => [stage, id, per, effect]);
  const taken = columnWidths([heads, ...firsts]).reduce((sum, own) => sum + own + 2, 0);
  const left = Math.max(30, width - taken);
  return [
    [...heads, 'TITLE, NEEDS, TAGS'],
    ...scenarios.flatMap(({ title, needs, tags }, index) =>
      [
        ...wrap(title, left),
        ...(needs.length === 0 ? [] : wrap(`needs: ${needs.join(', ')}`, left)),
        ...(tags.length === 0 ? [] : wrap(`tags: ${tags.join(', ')}`, left)),
      ].map((line, at) => [...(at === 0 ? (firsts[index] ?? []) : heads.map(() => '')), line]),
    ),
  ];
}
