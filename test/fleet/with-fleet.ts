import t, { type Test } from 'tap';
import { type Fleet, startFleet } from './index.ts';
import type { ProfileName } from './profiles/index.ts';

// All tests of a file together; the first may have to make root folders.
t.setTimeout(1_800_000);

/**
 * A test that needs real builders. Where there can be none (no root) it is skipped, saying why; under CI that is a
 * failure before any test runs. `profile`: one that not every machine can have; where `npm test` finds that this one
 * cannot, the test is skipped with the reason. `lacks`: why this machine cannot run it.
 */
export function withFleet(
  name: string,
  body: (t: Test, fleet: Fleet) => Promise<void>,
  profile?: ProfileName,
  lacks?: string,
): void {
  const reason = lacks ?? process.env['NRBD_NO_FLEET'] ?? process.env[`NRBD_NO_${profile?.toUpperCase()}`];
  void t.test(name, reason === undefined ? {} : { skip: reason }, async (own) => {
    const fleet = startFleet();
    own.teardown(() => fleet.close());
    await body(own, fleet);
  });
}
