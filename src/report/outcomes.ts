import type { Outcome, ReportCheck, Stage } from '../generated/types.ts';

/** Outcomes differ by shape, not by colour alone. */
export const marks: Readonly<Record<Outcome, { mark: string; word: string }>> = {
  pass: { mark: '✓', word: 'pass' },
  warn: { mark: '!', word: 'warn' },
  fail: { mark: '✗', word: 'fail' },
  error: { mark: '?', word: 'error' },
  blocked: { mark: '·', word: 'blocked' },
  skip: { mark: '-', word: 'skip' },
};

export const outcomes = Object.keys(marks) as Outcome[];

/** The path that a remote build takes. */
const path: readonly Stage[] = ['client', 'network', 'ssh', 'nix', 'build', 'fleet'];

/** Scenarios of one stage, in the order in which they were planned. */
export interface StageColumns {
  stage: Stage;
  scenarios: { id: string; title: string }[];
}

/** The columns of a matrix of checks, one row a list: the stages that occur, along the path. */
export function stageColumns(
  rows: readonly (readonly Pick<ReportCheck, 'scenario' | 'stage' | 'title'>[])[],
): StageColumns[] {
  const seen = new Map<Stage, Map<string, string>>();
  for (const { scenario, stage, title } of rows.flat()) {
    const own = seen.get(stage) ?? new Map<string, string>();
    seen.set(stage, own);
    if (!own.has(scenario)) own.set(scenario, title);
  }
  return path.flatMap((stage) => {
    const own = seen.get(stage);
    return own === undefined ? [] : [{ stage, scenarios: [...own].map(([id, title]) => ({ id, title })) }];
  });
}
