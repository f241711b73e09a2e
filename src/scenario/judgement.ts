import type { CheckAdvice, FixStep } from '../generated/types.ts';
import type { Json } from './observation.ts';
import type { Hint } from './scenario.ts';

/** A mismatch with its wording, as the report keeps it. */
export interface WordedMismatch {
  path: string;
  matcher: string;
  message: string;
  expected: Json;
  actual?: Json;
  /** Of a snapshot. */
  file?: string;
}

/** What an observation amounts to. */
export interface Judgement {
  outcome: 'pass' | 'warn' | 'fail' | 'error';
  message: string;
  cause?: string;
  /** The hint that explains it. */
  hint?: Hint;
  fix: FixStep[];
  see?: string;
  /** What a check of severity advice found; it passes all the same. */
  advice?: CheckAdvice;
  mismatches: WordedMismatch[];
  /** Facts for the scenarios that need this one; none unless it passed. */
  captures: Record<string, Json>;
}
