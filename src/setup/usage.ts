import { EachError } from '../scenario/each.ts';
import { SelectionError } from '../engine/plan.ts';
import { UserError } from '../support/user-error.ts';

/** What the user's choice amounts to. Throws {@link UserError} where it names what is not there. */
export function usage<T>(choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    if (error instanceof SelectionError || error instanceof EachError) throw new UserError(error.message);
    throw error;
  }
}
