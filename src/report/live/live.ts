import type { ReportEvent } from '../events.ts';

/** What shows a run while it goes on. */
export interface Live {
  onEvent: (event: ReportEvent) => void;
  /** Gives the terminal back as it was; harmless when called again. */
  close: () => void;
}
