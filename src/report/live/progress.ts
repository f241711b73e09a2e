import type { Outcome, ReportBuilder } from '../../generated/types.ts';
import type { ReportEvent } from '../events.ts';
import { type StageColumns, stageColumns } from '../outcomes.ts';

/** One builder, or the client, while the run goes on. */
export interface ProgressRow {
  name: string;
  outcomes: Map<string, Outcome>;
  /** The checks that run now, and since when (milliseconds of `performance.now()`), oldest first. */
  running: Map<string, number>;
  verdict?: ReportBuilder['verdict'];
  /** What its first failure says, once it is done. */
  cause: string;
}

/** What is known of a run so far. */
export class Progress {
  client: ProgressRow = emptyRow('this machine');
  rows: ProgressRow[] = [];
  columns: StageColumns[] = [];
  startedAt = 0;
  private byName = new Map<string, ProgressRow>();

  add(event: ReportEvent, now: number): void {
    if (event.type === 'run-started') {
      this.startedAt = now;
      this.rows = event.builders.map(({ name }) => emptyRow(name));
      this.byName = new Map(this.rows.map((row) => [row.name, row]));
      this.columns = stageColumns([
        event.scenarios.map(({ id, stage, title }) => ({ scenario: id, stage, title })),
      ]);
    } else if (event.type === 'check-started') this.row(event.builder)?.running.set(event.scenario, now);
    else if (event.type === 'check-finished') {
      const row = this.row(event.builder);
      row?.running.delete(event.check.scenario);
      row?.outcomes.set(event.check.scenario, event.check.outcome);
    } else if (event.type === 'builder-finished') {
      const { name, verdict, rootCause } = event.builder;
      const row = this.byName.get(name);
      if (row === undefined) return;
      row.verdict = verdict;
      row.cause = rootCause === null ? '' : (rootCause.cause ?? rootCause.scenario);
    }
  }

  private row(builder: string | null): ProgressRow | undefined {
    return builder === null ? this.client : this.byName.get(builder);
  }
}

function emptyRow(name: string): ProgressRow {
  return { name, outcomes: new Map(), running: new Map(), cause: '' };
}
