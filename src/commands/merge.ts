import { MergeError, mergeReports } from '../report/shards.ts';
import { exitCodeFor, readExitStyle } from '../cli/exit-style.ts';
import { readOutputs, readVerbosity, type VerbosityOptions, writeOutputs } from '../cli/output.ts';
import { readReport } from '../cli/report-file.ts';
import { UserError } from '../support/user-error.ts';

/** `merge REPORT.json... -f FORMAT`: one output of all shards, and the exit code that one run would have had. */
export async function merge(
  files: string[],
  options: VerbosityOptions & { format: string[]; exit?: string | undefined; strict?: true | undefined },
): Promise<number> {
  const outputs = readOutputs(options.format);
  const style = readExitStyle(options.exit);
  const reports = await Promise.all(files.map(readReport));
  try {
    const report = mergeReports(reports);
    await writeOutputs(outputs, report, readVerbosity(options));
    return exitCodeFor(report, style, options.strict === true);
  } catch (error) {
    if (error instanceof MergeError) throw new UserError(error.message);
    throw error;
  }
}
