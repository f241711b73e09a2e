/**
 * Breaks real builders in every way that test/faults knows, and prints a table: fault, expected, got, fix run,
 * healthy after. `--profile NAME` does it on hosts of that profile. With `--count` it runs nothing and writes the figures into the README. Exit 1 when a row is wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { faults } from '../test/faults/index.ts';
import { isRight, type Row, tryFault } from '../test/faults/laboratory.ts';
import { startFleet } from '../test/fleet/index.ts';
import { type ProfileName, profiles } from '../test/fleet/profiles/index.ts';

const readme = 'README.md';
const marks = /(<!-- faults -->)[^]*?(<!-- \/faults -->)/;

function figures(): string {
  const run = faults.filter(({ fixNotRun }) => fixNotRun === undefined).length;
  const causes = new Set(faults.map(({ cause }) => cause)).size;
  return `${faults.length} faults with ${causes} causes; for ${run} of them the test types the printed fix and sees the builder healthy again`;
}

/** What the README says, and what it should say. */
function counted(): { is: string; should: string } {
  const is = readFileSync(readme, 'utf8');
  return { is, should: is.replace(marks, `$1${figures()}$2`) };
}

async function table(profile: ProfileName): Promise<number> {
  const rows: Row[] = [];
  process.stdout.write('PROFILE | FAULT | EXPECTED | GOT | FIX RUN | HEALTHY AFTER\n');
  for (const fault of faults.filter(({ notOn }) => notOn?.[profile] === undefined)) {
    const fleet = startFleet();
    try {
      const row = await tryFault(fleet, fault, profile === 'plain' ? {} : { profile });
      rows.push(row);
      process.stdout.write(
        `${isRight(row) ? '' : 'WRONG: '}${[profile, row.fault, row.expected, row.got, row.fixRun, row.healthyAfter].join(' | ')}\n`,
      );
    } finally {
      await fleet.close();
    }
  }
  const wrong = rows.filter((row) => !isRight(row)).length;
  const healed = rows.filter(({ healthyAfter }) => healthyAfter === 'yes').length;
  process.stdout.write(`${rows.length} faults, ${wrong} wrong, ${healed} mended with the printed fix\n`);
  return wrong === 0 ? 0 : 1;
}

function profileOf(option?: string, value = ''): ProfileName {
  if (option === undefined) return 'plain';
  if (option !== '--profile' || !isProfile(value))
    throw new Error(`--profile wants one of: ${Object.keys(profiles).join(', ')}`);
  return value;
}

function isProfile(name: string): name is ProfileName {
  return name in profiles;
}

const [option, value] = process.argv.slice(2);
if (option === '--count') writeFileSync(readme, counted().should);
else if (option === '--check') {
  const { is, should } = counted();
  if (is !== should) {
    process.stderr.write('README.md tells another number of faults: npm run faults -- --count\n');
    process.exitCode = 1;
  }
} else process.exitCode = await table(profileOf(option, value));
