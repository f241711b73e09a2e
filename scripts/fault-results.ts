import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * The result of a fault on a profile. `healed`: the cause is right, and the builder is healthy after the printed fix.
 * `named`: the cause is right, and the test does not run the fix. `none`: not a fault on that profile. `wrong`: another
 * cause, or the builder is not healthy after the fix.
 */
export type Outcome = 'healed' | 'named' | 'none' | 'wrong';

/** Outcomes by title of the fault. */
export type Outcomes = Readonly<Record<string, Outcome>>;

const file = 'docs/laboratory.json';

/** The results of `npm run faults -- --save`, by profile. */
export function readResults(): Record<string, Outcomes> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Outcomes>) : {};
}

/** Saves the results of a profile. Earlier results of other faults are kept. */
export function writeResults(profile: string, outcomes: Outcomes): void {
  const results = readResults();
  results[profile] = { ...results[profile], ...outcomes };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

/** A line for each fault, a column for each profile, and the sums. `-`: not run on that profile. */
export function crossTable(
  seen: readonly { profile: string; outcomes: Outcomes }[],
  faults: readonly { title: string }[],
): string {
  const header = ['fault', ...seen.map(({ profile }) => profile)];
  const rows = faults.map(({ title }) => [title, ...seen.map(({ outcomes }) => outcomes[title] ?? '-')]);
  const sums = (['healed', 'named', 'none', 'wrong'] as const).map((outcome) => [
    `**${outcome}**`,
    ...seen.map(({ outcomes }) => {
      const known = faults.filter(({ title }) => outcomes[title] === outcome);
      return String(known.length);
    }),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [header, header.map(() => '---'), ...sums, ...rows].map(line).join('\n');
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
