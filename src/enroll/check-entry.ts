import type { Report, ReportBuilder } from '../generated/types.ts';
import { print } from '../cli/print.ts';
import { type EntryToWrite, machinesLine } from '../machines/write.ts';
import { liveProgress } from '../report/live/index.ts';
import { runChecks } from '../setup/run-checks.ts';
import { UserError } from '../support/user-error.ts';

/** One run on the entry alone, which is not installed anywhere. */
export async function checkEntry(
  entry: EntryToWrite,
  what: readonly string[] | 'read-only' | 'all',
  version: string,
  signal: AbortSignal,
): Promise<{ report: Report; builder: ReportBuilder }> {
  const progress = await liveProgress(process.stderr);
  try {
    const { report } = await runChecks(
      {
        builders: machinesLine(entry),
        test: typeof what === 'string' ? [] : what,
        ...{
          include: [],
          exclude: [],
          skip: [],
          stage: [],
          tag: [],
          skipTag: [],
          spec: [],
          defaultSpecs: true,
          var: [],
          inventory: [],
          secret: [],
          secretFile: [],
          secretCommand: [],
        },
        ...(what === 'all' ? {} : { readOnly: true }),
      },
      {
        version,
        signal,
        onNotes: (notes) => notes.forEach((note) => print(note, process.stderr)),
        onEvent: progress.onEvent,
      },
    );
    const [builder] = report.builders;
    if (builder === undefined)
      throw new UserError(
        report.clientChecks.find(({ outcome }) => outcome === 'fail')?.message ?? 'nothing was seen',
      );
    return { report, builder };
  } finally {
    progress.close();
  }
}

/** What a probe saw, if it saw the thing called `key`. */
export function valueOf<T>({ checks }: ReportBuilder, name: string, key: keyof T & string): T | undefined {
  const value = checks.find(({ scenario }) => scenario === name)?.observation?.value;
  return typeof value === 'object' && value !== null && key in value ? (value as T) : undefined;
}
