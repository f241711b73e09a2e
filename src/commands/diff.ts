import { compareReports } from '../report/compare.ts';
import { changeLines } from '../cli/changes.ts';
import { readReport } from '../cli/report-file.ts';
import { print } from '../cli/print.ts';
import { UserError } from '../support/user-error.ts';

/** `diff OLD.json NEW.json`: what is different; exit 1 if something is worse off than before. */
export async function diff(before: string, after: string, { format }: { format: string }): Promise<number> {
  if (format !== 'text' && format !== 'json') throw new UserError(`-f wants text or json, not "${format}"`);
  const changes = compareReports(await readReport(before), await readReport(after));
  if (format === 'json') process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`);
  else print(changes.length === 0 ? 'nothing changed' : changeLines(changes).join('\n'));
  return changes.some(({ worse }) => worse) ? 1 : 0;
}
