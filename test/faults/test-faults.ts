import { withFleet } from '../fleet/with-fleet.ts';
import { lacksKvm } from './configure.ts';
import type { Fault } from './fault.ts';
import { tryFault, type TryOptions } from './laboratory.ts';

/** Tests every fault of a list, or those whose title holds the words of the command line, and prints a row for each. */
export function testFaults(faults: readonly Fault[], options: TryOptions = {}): void {
  const words = process.argv.slice(2);
  for (const fault of faults.filter(({ title }) => words.every((word) => title.includes(word)))) {
    withFleet(
      fault.title,
      async (t, fleet) => {
        const row = await tryFault(fleet, fault, options);
        const { expected, got, fixRun, healthyAfter } = row;
        t.comment(`fault | ${row.fault} | ${expected} | ${got} | ${fixRun} | ${healthyAfter}`);
        t.equal(got, expected, row.details);
        if (fixRun === 'yes') t.equal(healthyAfter, 'yes', row.details);
      },
      options.profile ?? fault.builder?.profile,
      fault.needsKvm === true ? lacksKvm : undefined,
    );
  }
}
