import { appendFileSync } from 'node:fs';
import t, { type Test } from 'tap';

/** The areas of SECURITY.md. */
export type Area = 'injection' | 'trust' | 'secrets' | 'bad servers' | 'bad input' | 'faults in ourselves';

/**
 * One threat and the test that stands against it. `npm run threats` makes the table in docs/threats.md of these, from
 * what the tests really said.
 */
export function threat(
  area: Area,
  what: string,
  expected: string,
  body: (t: Test) => Promise<void> | void,
  within: Test = t,
): Promise<unknown> {
  return within.test(`${area}: ${what}: ${expected}`, async (t) => {
    await body(t);
    const log = process.env['NRBD_THREATS'];
    if (log !== undefined && log !== '')
      appendFileSync(log, `${JSON.stringify({ area, what, expected, passed: t.passing() })}\n`);
  });
}
