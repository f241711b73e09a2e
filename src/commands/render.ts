import { readFile } from 'node:fs/promises';
import type { Report } from '../generated/report.ts';
import { validateReport } from '../generated/validators.js';
import { readOutputs, writeOutputs } from './output.ts';
import { UserError } from './user-error.ts';

/** `render REPORT.json -f FORMAT`: gives what `check -f FORMAT` gave. */
export async function render(
  file: string,
  options: { format: string[]; verbose?: true | undefined },
): Promise<number> {
  const outputs = readOutputs(options.format);
  await writeOutputs(outputs, await readReport(file), options.verbose === true);
  return 0;
}

async function readReport(file: string): Promise<Report> {
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`cannot read the report: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!validateReport(data)) {
    const [first] = validateReport.errors ?? [];
    throw new UserError(
      `${file} is not a report of this tool: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
    );
  }
  return data as Report;
}
