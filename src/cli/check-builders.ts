import { liveProgress, noProgress } from '../report/live/index.ts';
import { timingLines, timingsOf } from '../report/timings.ts';
import { exitCodeFor, readExitStyle } from './exit-style.ts';
import type { Interrupt } from './interrupt.ts';
import { readOutputs, readVerbosity, type VerbosityOptions, writeOutputs } from './output.ts';
import { runChecks, type RunOptions } from '../setup/run-checks.ts';
import { print } from './print.ts';
import { updateSnapshots } from './snapshots.ts';
import type { ThisMachine } from '../setup/this-machine.ts';

export interface CheckOptions extends RunOptions, VerbosityOptions {
  format: string[];
  timings?: true | undefined;
  strict?: true | undefined;
  deadline?: string | undefined;
  updateSnapshots?: true | undefined;
  exit?: string | undefined;
}

interface CheckSurroundings {
  version: string;
  interrupt: Interrupt;
  /** Undefined for a replay, which looks at no machine. */
  machine: Promise<ThisMachine> | undefined;
}

/** Makes the run, shows it while it goes on, and writes the outputs. Throws {@link UserError}. */
export async function checkBuilders(
  options: CheckOptions,
  { version, interrupt, machine }: CheckSurroundings,
): Promise<number> {
  const outputs = readOutputs(options.format);
  const exitStyle = readExitStyle(options.exit);
  const verbosity = readVerbosity(options);
  const isQuiet = verbosity < 0;
  const progress = isQuiet ? noProgress : await liveProgress(process.stderr);
  try {
    const { report, needs } = await runChecks(options, {
      version,
      signal: interrupt.signal,
      machine,
      onNotes: (notes) => {
        if (!isQuiet) for (const note of notes) print(note, process.stderr);
      },
      onEvent: progress.onEvent,
    });
    await writeOutputs(outputs, report, verbosity);
    if (options.updateSnapshots === true)
      for (const line of await updateSnapshots(report)) print(line, process.stderr);
    if (options.timings === true) print(timingLines(timingsOf(report, needs)).join('\n'), process.stderr);
    const { warn } = report.summary.checks;
    if (options.strict === true && warn > 0)
      print(
        `--strict: ${warn === 1 ? '1 warning counts' : `${warn} warnings count`} as failed`,
        process.stderr,
      );
    const interrupted = exitStyle === 'nagios' ? null : interrupt.exitCode();
    return interrupted ?? exitCodeFor(report, exitStyle, options.strict === true);
  } finally {
    progress.close();
  }
}
