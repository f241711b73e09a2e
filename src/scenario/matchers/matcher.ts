import type { Json } from '../observation.ts';

/** An expectation that was not met, as data. Worded in words.ts. */
export interface Mismatch {
  /** Where in the observation, e.g. `stdout` or `value.banner`. */
  path: string;
  matcher: string;
  expected: Json;
  /** Undefined: there was nothing at that place. */
  actual: Json | undefined;
  /** Items that were expected and are not there. */
  missing?: Json[];
  /** For `not`: nothing inside it failed, although something should have. For `anyOf`: what each branch missed. */
  inner?: Mismatch[];
  /** Its own words, where those of words.ts would not tell. */
  reason?: string;
  /** The file of a snapshot. */
  file?: string;
}

/** Judges any value against any expected one, nested matchers and all. */
export type Match = (actual: Json | undefined, expected: Json, path: string) => Mismatch[];

export interface Matcher {
  name: string;
  /** Returns nothing when the value is as it should be. `match` judges what is nested. */
  check: (actual: Json | undefined, operand: Json, path: string, match: Match) => Mismatch[];
  /** Why the operand cannot be used, or null; asked when the scenario is loaded. */
  operandProblem?: (operand: Json) => string | null;
}

/** The usual result of a matcher: one mismatch unless it holds. */
export function expectThat(holds: boolean, mismatch: Mismatch): Mismatch[] {
  return holds ? [] : [mismatch];
}
