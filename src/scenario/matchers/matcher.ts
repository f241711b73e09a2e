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
  /** The whole sentence, where words.ts would not explain it. */
  reason?: string;
  /** What was expected, in words: `a size of at least 2GiB`. Default: the matcher and its operand. */
  wanted?: string;
  /** Why this value cannot be judged: `is not a number`. */
  flaw?: string;
  /** The file of a snapshot. */
  file?: string;
}

/** Judges any value against any expected one, nested matchers and all. */
export type Match = (actual: Json | undefined, expected: Json, path: string) => Mismatch[];

/** What a value can be. */
export type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'null' | 'list' | 'mapping';

/** All that a value at some place can be; `any` for the results of probes. */
export type Kinds = readonly Kind[] | 'any';

/** An expectation inside the operand of a matcher: where it is, and what it judges. */
export interface Inside {
  path: (string | number)[];
  expected: Json;
  kinds: Kinds;
}

export interface Matcher {
  name: string;
  /** The kinds of values that it can judge. Default: all. `lint` refuses it for a field of another kind. */
  judges?: readonly Kind[];
  /**
   * Returns nothing when the value is as it should be. `match` judges what is nested. `now`: when the value was
   * observed, in milliseconds since 1970.
   */
  check: (actual: Json | undefined, operand: Json, path: string, match: Match, now: number) => Mismatch[];
  /** The expectations inside the operand, for a value of these kinds. Default: none, the operand is data. */
  inside?: (operand: Json, kinds: Kinds) => Inside[];
  /** Why the operand cannot be used, or null; asked when the scenario is loaded. */
  operandProblem?: (operand: Json) => string | null;
}

/** The usual result of a matcher: one mismatch unless it holds. */
export function expectThat(holds: boolean, mismatch: Mismatch): Mismatch[] {
  return holds ? [] : [mismatch];
}

/** The entries of an operand that is a mapping; none of any other. */
export function entriesOf(operand: Json | undefined): [string, Json][] {
  return isMapping(operand) ? Object.entries(operand) : [];
}

/** Why the operand is no mapping with these keys, or null. */
export function keysProblem(operand: Json, keys: readonly string[], example: string): string | null {
  const expected = `it has the keys ${keys.slice(0, -1).join(', ')} and ${keys.at(-1)}`;
  if (!isMapping(operand)) return `${expected}: ${example}`;
  const odd = Object.keys(operand).find((key) => !keys.includes(key));
  return odd === undefined ? null : `${expected}, not ${JSON.stringify(odd)}`;
}

/** The output of a command without its last newlines, which do not count. */
export function withoutLastNewlines(text: string): string {
  return text.replace(/\n+$/, '');
}

/** A template: its value is known only when the check runs. */
export function isTemplate(operand: Json | undefined): boolean {
  return typeof operand === 'string' && operand.includes('{{');
}

/** A part of an operand in a sentence: a text as it is. */
export function inWords(operand: Json): string {
  return typeof operand === 'string' ? operand : JSON.stringify(operand);
}

export function isMapping(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
