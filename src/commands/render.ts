import { exitCodeFor, readExitStyle } from '../cli/exit-style.ts';
import { readOutputs, readVerbosity, type VerbosityOptions, writeOutputs } from '../cli/output.ts';
import { readReport } from '../cli/report-file.ts';

/** `render REPORT.json -f FORMAT`: gives what `check -f FORMAT` gave. Exit 0, or with `--exit` what the report says. */
export async function render(
  file: string,
  options: VerbosityOptions & { format: string[]; exit?: string | undefined },
): Promise<number> {
  const outputs = readOutputs(options.format);
  const style = readExitStyle(options.exit);
  const report = await readReport(file);
  await writeOutputs(outputs, report, readVerbosity(options));
  return options.exit === undefined ? 0 : exitCodeFor(report, style);
}
