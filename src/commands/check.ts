import { nagiosText } from '../report/escape/nagios.ts';
import { liveProgress } from '../report/live/index.ts';
import { timingLines, timingsOf } from '../report/timings.ts';
import { exitCodeFor, readExitStyle } from './exit-style.ts';
import { onInterrupt } from './interrupt.ts';
import { readOutputs, writeOutputs } from './output.ts';
import { runChecks, type RunOptions } from './run-checks.ts';
import { say } from './say.ts';
import { UserError } from './user-error.ts';

export interface CheckOptions extends RunOptions {
  format: string[];
  verbose?: true | undefined;
  timings?: true | undefined;
  exit?: string | undefined;
}

/** `check`: looks at every builder, writes the outputs, returns the exit code. Throws {@link UserError}. */
export async function check(options: CheckOptions, version: string): Promise<number> {
  try {
    return await checkBuilders(options, version);
  } catch (error) {
    // A monitoring system reads standard output, and knows no exit code but its own.
    if (!(error instanceof UserError) || options.exit !== 'nagios') throw error;
    process.stdout.write(`NIX_BUILDERS UNKNOWN - ${nagiosText(error.message)}\n`);
    return 3;
  }
}

async function checkBuilders(options: CheckOptions, version: string): Promise<number> {
  const outputs = readOutputs(options.format);
  const exitStyle = readExitStyle(options.exit);
  const interrupt = onInterrupt();
  const progress = liveProgress(process.stderr);
  try {
    const { report, needs } = await runChecks(options, {
      version,
      signal: interrupt.signal,
      onNotes: (notes) => notes.forEach((note) => say(note, process.stderr)),
      onEvent: progress.onEvent,
    });
    await writeOutputs(outputs, report, options.verbose === true);
    if (options.timings === true) say(timingLines(timingsOf(report, needs)).join('\n'), process.stderr);
    const interrupted = exitStyle === 'nagios' ? null : interrupt.exitCode();
    return interrupted ?? exitCodeFor(report, exitStyle);
  } finally {
    progress.close();
    interrupt.dispose();
  }
}
