import t from 'tap';
import { withFleet } from '../fleet/with-fleet.ts';
import { lacksKvm } from './configure.ts';
import type { Fault } from './fault.ts';
import { tryFault, type TryOptions } from './laboratory.ts';

/**
 * Whether a fault is of this run: `NRBD_FAULTS=2/3` runs the second of three parts, for machines on which all of them take
 * too long. A title is always in the same part.
 */
function isInPart({ title }: Fault): boolean {
  const [part = 1, parts = 1] = (process.env['NRBD_FAULTS'] ?? '1/1').split('/').map(Number);
  const sum = Array.from(title).reduce((total, char) => total + (char.codePointAt(0) ?? 0), 0);
  return (sum % parts) + 1 === part;
}

/** Tests every fault of a list, or those whose title holds the words of the command line, and prints a row for each. */
export function testFaults(faults: readonly Fault[], options: TryOptions = {}): void {
  const words = process.argv.slice(2);
  const wanted = faults.filter(({ title }) => words.every((word) => title.includes(word)));
  const ofThisRun = wanted.filter(isInPart);
  if (ofThisRun.length < wanted.length)
    t.comment(`${ofThisRun.length} of ${wanted.length} faults in this run`);
  for (const fault of ofThisRun) {
    withFleet(
      fault.title,
      async (own, fleet) => {
        const row = await tryFault(fleet, fault, options);
        const { expected, got, fixRun, healthyAfter } = row;
        own.comment(`fault | ${row.fault} | ${expected} | ${got} | ${fixRun} | ${healthyAfter}`);
        own.equal(got, expected, row.details);
        if (fixRun === 'yes') own.equal(healthyAfter, 'yes', row.details);
      },
      options.profile ?? fault.builder?.profile,
      fault.needsKvm === true ? lacksKvm : undefined,
    );
  }
}
