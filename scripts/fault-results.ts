import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * What came of a fault on a profile. `healed`: named right, and healthy after the printed fix was typed. `named`: named
 * right, and the fix is not typed here. `none`: no fault there. `wrong`: another cause, or not healthy afterwards.
 */
export type Outcome = 'healed' | 'named' | 'none' | 'wrong';

/** Outcomes by title of the fault. */
export type Outcomes = Readonly<Record<string, Outcome>>;

const file = 'docs/laboratory.json';

/** What `npm run faults -- --save` saw, by profile. */
export function readResults(): Record<string, Outcomes> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Outcomes>) : {};
}

/** Adds what was seen on a profile; what was seen there before of other faults stays. */
export function writeResults(profile: string, outcomes: Outcomes): void {
  const results = readResults();
  results[profile] = { ...results[profile], ...outcomes };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}

/** A line for each fault with a column for each profile, and the sums. `-`: was not run there. */
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
