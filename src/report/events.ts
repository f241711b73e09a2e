import type { Report, ReportBuilder, ReportCheck, Stage } from '../generated/types.ts';

/** What happens during a run. The live view listens to these; everything else is rendered from the finished report. */
export type ReportEvent =
  /** `scenarios` are those that are applied to each builder. */
  | {
      type: 'run-started';
      builders: { name: string }[];
      scenarios: { id: string; stage: Stage; title: string }[];
    }
  /** `builder` is null for a check on the client. */
  | { type: 'check-started'; builder: string | null; scenario: string }
  | { type: 'check-finished'; builder: string | null; check: ReportCheck }
  | { type: 'builder-finished'; builder: ReportBuilder }
  | { type: 'run-finished'; report: Report };
