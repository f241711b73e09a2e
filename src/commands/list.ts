import { sayRows } from '../cli/print.ts';
import { readSuiteToRun, type SuiteOptions } from '../setup/suite.ts';

/** `list`: the scenarios in the order in which they run. */
export async function list(options: SuiteOptions & { format: string }): Promise<number> {
  const scenarios = await readSuiteToRun(options);
  if (options.format === 'json') {
    const rows = scenarios.map(({ id, title, stage, per, needs, effect, severity }) => ({
      id,
      title,
      stage,
      per,
      needs,
      effect,
      severity,
    }));
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  sayRows([
    ['STAGE', 'SCENARIO', 'PER', 'EFFECT', 'NEEDS', 'TITLE'],
    ...scenarios.map(({ stage, id, per, effect, needs, title }) => [
      stage,
      id,
      per,
      effect,
      needs.join(',') || '-',
      title,
    ]),
  ]);
  return 0;
}
