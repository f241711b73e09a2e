import type { Json } from '../observation.ts';

/** What templates know. Plain data: nothing of it is called. */
export interface Context {
  builder?: Record<string, Json>;
  client: Record<string, Json>;
  facts: Record<string, Json>;
  vars: Record<string, Json>;
  /** The values of this instance of a scenario with `each`. */
  each?: Record<string, Json>;
  /** `nonce`: a word that no other check of any run has. Not in hints. */
  check?: Record<string, Json>;
  /** Only in hints: what was seen. */
  observation?: Record<string, Json>;
}
