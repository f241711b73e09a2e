import { readFile } from 'node:fs/promises';
import type { Report } from '../generated/report.ts';
import { validateReport } from '../generated/validators.js';
import { UserError } from '../support/user-error.ts';

/** Reads a report written with `-f json=FILE`. Throws {@link UserError}. */
export async function readReport(file: string): Promise<Report> {
  let data: unknown;
  try {
    data = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(
      `cannot read the report ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!validateReport(data)) {
    const [first] = validateReport.errors ?? [];
    throw new UserError(
      `${file} is not a report of this tool: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
    );
  }
  return data as Report;
}
