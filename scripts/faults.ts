/**
 * Breaks real builders in every way that test/faults knows, types the printed fixes, and looks again.
 *
 *     npm run faults -- [--profile NAME[,NAME…]|all] [--only WORD]… [--confirm] [--save]
 *
 * A line for each fault as it ends, then a table of fault x profile. Default profile: plain. `--only`: faults whose title
 * holds one of the words. `--confirm`: Nix alone builds before the doctor looks, and must agree that the fault is one.
 * `--save` writes each outcome as it is seen to docs/laboratory.json, from which `npm run docs` writes the table
 * docs/laboratory.md. `--count` runs nothing and writes the figures into the README; `--check` compares them.
 * Exit 1 where a row is wrong.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Fault, whyNotOn } from '../test/faults/fault.ts';
import { faults } from '../test/faults/index.ts';
import { isRight, type Row, tryFault } from '../test/faults/laboratory.ts';
import { startFleet } from '../test/fleet/index.ts';
import { type ProfileName, profiles } from '../test/fleet/profiles/index.ts';
import { crossTable, type Outcome, writeResults } from './fault-results.ts';

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

function outcomeOf(row: Row): Outcome {
  if (!isRight(row)) return 'wrong';
  return row.healthyAfter === 'yes' ? 'healed' : 'named';
}

async function tryOne(fault: Fault, profile: ProfileName, confirm: boolean): Promise<Outcome> {
  if (whyNotOn(fault, profile) !== undefined) return 'none';
  const fleet = startFleet();
  try {
    const row = await tryFault(fleet, fault, { confirm, ...(profile === 'plain' ? {} : { profile }) });
    const outcome = outcomeOf(row);
    const { expected, got, fixRun, healthyAfter, contradicted, details } = row;
    process.stdout.write(
      `${[profile, row.fault, outcome, expected, got, fixRun, healthyAfter].join(' | ')}\n`,
    );
    if (contradicted !== '') process.stdout.write(`    ${contradicted}\n`);
    if (outcome === 'wrong') process.stdout.write(`${details.replace(/^/gm, '    ')}\n`);
    return outcome;
  } catch (error) {
    // The others are tried all the same.
    process.stdout.write(`${profile} | ${fault.title} | wrong | ${String(error)}\n`);
    return 'wrong';
  } finally {
    await fleet.close();
  }
}

async function run(
  names: readonly ProfileName[],
  only: readonly string[],
  confirm: boolean,
  save: boolean,
): Promise<number> {
  const chosen = faults.filter(({ title }) => only.length === 0 || only.some((word) => title.includes(word)));
  const seen = names.map((profile): { profile: ProfileName; outcomes: Record<string, Outcome> } => ({
    profile,
    outcomes: {},
  }));
  process.stdout.write('PROFILE | FAULT | OUTCOME | EXPECTED | GOT | FIX RUN | HEALTHY AFTER\n');
  for (const { profile, outcomes } of seen) {
    for (const fault of chosen) {
      outcomes[fault.title] = await tryOne(fault, profile, confirm);
      if (save) writeResults(profile, outcomes);
    }
  }
  process.stdout.write(`\n${crossTable(seen, chosen)}\n`);
  const all = seen.flatMap(({ outcomes }) => Object.values(outcomes));
  return all.includes('wrong') || all.length === 0 ? 1 : 0;
}

function profileNames(words: string): ProfileName[] {
  const known = Object.keys(profiles) as ProfileName[];
  if (words === 'all') return known;
  return words.split(',').map((word) => {
    const name = known.find((one) => one === word);
    if (name === undefined) throw new Error(`--profile wants some of: ${known.join(', ')}`);
    return name;
  });
}

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'plain' },
    only: { type: 'string', multiple: true, default: [] },
    confirm: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    count: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
if (values.count) writeFileSync(readme, counted().should);
else if (values.check) {
  const { is, should } = counted();
  if (is !== should) {
    process.stderr.write('README.md tells another number of faults: npm run faults -- --count\n');
    process.exitCode = 1;
  }
} else process.exitCode = await run(profileNames(values.profile), values.only, values.confirm, values.save);
