/**
 * Runs `check` over healthy machines: each profile of test/fleet, as builder and as client, in each version of Nix that it
 * has, over both schemes; prints a table. Words: profiles (default: all). With `--count` it runs nothing and writes the
 * figure into the README. Exit 1 where something is not healthy.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { startFleet } from '../test/fleet/index.ts';
import { combinations, isHealthy, type MatrixRow, schemes, tryCombination } from '../test/fleet/matrix.ts';
import { type ProfileName, profiles } from '../test/fleet/profiles/index.ts';

const readme = 'README.md';
const marks = /(<!-- matrix -->)[^]*?(<!-- \/matrix -->)/;

function counted(): { is: string; should: string } {
  const is = readFileSync(readme, 'utf8');
  const figure = `${combinations().length * schemes.length} combinations of ${Object.keys(profiles).length} kinds of machines, Nix versions, roles and schemes`;
  return { is, should: is.replace(marks, `$1${figure}$2`) };
}

async function table(words: readonly string[]): Promise<number> {
  const names = (Object.keys(profiles) as ProfileName[]).filter(
    (name) => words.length === 0 || words.includes(name),
  );
  const rows: MatrixRow[] = [];
  process.stdout.write('PROFILE | NIX | ROLE | SCHEME | VERDICT | WRONG\n');
  for (const combination of combinations(names)) {
    const fleet = startFleet();
    try {
      for (const row of await tryCombination(fleet, combination)) {
        rows.push(row);
        const { profile, nix, role, scheme, verdict, wrong } = row;
        process.stdout.write(`${[profile, nix, role, scheme, verdict, wrong.join('; ')].join(' | ')}\n`);
      }
    } finally {
      await fleet.close();
    }
  }
  const red = rows.filter((row) => !isHealthy(row)).length;
  process.stdout.write(`${rows.length} combinations, ${red} not healthy\n`);
  return red === 0 && rows.length > 0 ? 0 : 1;
}

const [option, ...rest] = process.argv.slice(2);
if (option === '--count') writeFileSync(readme, counted().should);
else if (option === '--check') {
  const { is, should } = counted();
  if (is !== should || !marks.test(is)) {
    process.stderr.write('README.md tells another number of combinations: npm run matrix -- --count\n');
    process.exitCode = 1;
  }
} else process.exitCode = await table(option === undefined ? [] : [option, ...rest]);
