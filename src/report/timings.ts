import type { Report, ReportCheck } from '../generated/types.ts';
import { oneLine } from './escape/visible.ts';
import { rowsOf } from './trouble.ts';

/** Where the time of one builder went. */
export interface Timing {
  name: string;
  /** When its last check ended, in milliseconds after the run began. */
  endMs: number;
  /** Time of all checks of a stage together; those of one time run side by side. */
  stages: Record<string, number>;
  /** The chain of checks that its last one waited for: making any of these quicker makes the whole quicker. */
  criticalPath: { scenario: string; startedMs: number; durationMs: number }[];
}

/** Profiles a run; `needs` are those of each scenario. The slowest comes first. */
export function timingsOf(report: Report, needs: ReadonlyMap<string, readonly string[]>): Timing[] {
  return rowsOf(report)
    .filter(({ checks }) => checks.length > 0)
    .map(({ name, checks }) => {
      const stages: Record<string, number> = {};
      for (const { stage, durationMs } of checks) stages[stage] = (stages[stage] ?? 0) + durationMs;
      const path = criticalPath(checks, needs);
      const last = path.at(-1);
      return {
        name,
        endMs: last === undefined ? 0 : last.startedMs + last.durationMs,
        stages,
        criticalPath: path,
      };
    })
    .sort((a, b) => b.endMs - a.endMs);
}

function criticalPath(
  checks: readonly ReportCheck[],
  needs: ReadonlyMap<string, readonly string[]>,
): Timing['criticalPath'] {
  const byId = new Map(checks.map((check) => [check.scenario, check]));
  const path: Timing['criticalPath'] = [];
  let at = latest(checks);
  while (at !== undefined && path.length <= checks.length) {
    const { scenario, startedMs = 0, durationMs } = at;
    path.unshift({ scenario, startedMs, durationMs });
    at = latest((needs.get(scenario) ?? []).flatMap((id) => byId.get(id) ?? []));
  }
  return path;
}

function latest(checks: readonly ReportCheck[]): ReportCheck | undefined {
  return checks.reduce<ReportCheck | undefined>(
    (found, check) => (found === undefined || endOf(check) > endOf(found) ? check : found),
    undefined,
  );
}

function endOf({ startedMs = 0, durationMs }: ReportCheck): number {
  return startedMs + durationMs;
}

/** For a person: a line for each builder, and what its end waited for. */
export function timingLines(timings: readonly Timing[]): string[] {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return timings.flatMap(({ name, endMs, stages, criticalPath: path }) => [
    `${oneLine(name)}  done after ${seconds(endMs)}  (${Object.entries(stages)
      .map(([stage, ms]) => `${stage} ${seconds(ms)}`)
      .join(', ')})`,
    `    waited for: ${path.map(({ scenario, durationMs }) => `${oneLine(scenario)} ${seconds(durationMs)}`).join(', then ')}`,
  ]);
}
