import type { Scenario } from '../scenario/scenario.ts';
import type { RunInput } from './run-input.ts';

/** Why a check that was selected does not run (`--read-only`); null if it runs. */
export function reasonLeftOut(
  { effect }: Pick<Scenario, 'effect'>,
  { readOnly }: Pick<RunInput['limits'], 'readOnly'>,
): string | null {
  return readOnly && effect !== 'none' ? `left out by --read-only: its effect is ${effect}` : null;
}
