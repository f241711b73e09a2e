import { compareReports } from '../report/compare.ts';
import { oneLine } from '../report/escape/visible.ts';
import { readReport } from './report-file.ts';
import { say } from './say.ts';
import { UserError } from './user-error.ts';

const words = {
  broke: 'broke',
  'other-cause': 'changed',
  healed: 'healed',
  new: 'new',
  gone: 'gone',
  slower: 'slower',
} as const;

/** `diff OLD.json NEW.json`: what is different; exit 1 if something is worse off than before. */
export async function diff(before: string, after: string, { format }: { format: string }): Promise<number> {
  if (format !== 'text' && format !== 'json') throw new UserError(`-f wants text or json, not "${format}"`);
  const changes = compareReports(await readReport(before), await readReport(after));
  if (format === 'json') process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`);
  else {
    for (const { kind, builder, scenario, message } of changes) {
      const what = [builder, scenario ?? ''].map(oneLine).filter((text) => text !== '');
      say(`${words[kind].padEnd(8)}${what.join(' ')}: ${oneLine(message)}`);
    }
    if (changes.length === 0) say('nothing changed');
  }
  return changes.some(({ worse }) => worse) ? 1 : 0;
}
