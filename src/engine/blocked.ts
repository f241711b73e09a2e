import type { ReportCheck } from '../generated/report.ts';

/** How a check ends. */
export type Ending = Pick<ReportCheck, 'outcome' | 'message'> & Partial<ReportCheck>;

/** A need that passed, warned or was skipped blocks nothing. */
export function satisfiesNeed({ outcome }: ReportCheck): boolean {
  return outcome === 'pass' || outcome === 'warn' || outcome === 'skip';
}

/**
 * How a check ends that does not run because of a check that it needs: skipped if that is waived; blocked, with the first
 * cause, if that did not pass. Null if it runs.
 */
export function barrierOf(needs: readonly ReportCheck[]): Ending | null {
  const excused = needs.find(({ waived }) => waived !== undefined);
  if (excused?.waived !== undefined)
    return {
      outcome: 'skip',
      message: `needs ${excused.scenario}, which is waived`,
      waived: excused.waived,
    };
  const barrier = needs.find((need) => !satisfiesNeed(need));
  if (barrier === undefined) return null;
  const root = barrier.blockedBy ?? barrier.scenario;
  const message = barrier.outcome === 'blocked' ? barrier.message : `blocked by ${root}: ${barrier.message}`;
  return { outcome: 'blocked', blockedBy: root, message };
}
