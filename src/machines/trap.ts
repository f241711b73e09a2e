import type { Builder } from './builder.ts';
import type { Features } from './release.ts';

/** What a trap is told about an entry that Nix accepts. */
export interface TrapInput {
  builder: Builder;
  features: Features;
  /** `Nix 2.8.0`, for messages. */
  release: string;
}

/** A mistake that Nix accepts in silence. */
export interface Trap {
  code: string;
  /** Counts from 0. */
  column: number;
  /** What to say; null where the mistake is not made. */
  says: (field: string, input: TrapInput) => string | null;
  /** `always`: no build can run through such an entry. A function decides by the entry. Absent: it only looks odd. */
  stopsBuilds?: 'always' | ((field: string, input: TrapInput) => boolean);
  /** The failing check that decides whether it stops builds, where the entry alone does not tell. */
  judgedBy?: 'dns' | 'tcp' | 'slots' | 'host-key' | 'matching-keys' | 'not-localhost';
  /** Why it stops builds, or why it need not. One sentence, for the table of decisions. */
  because: string;
  /** The entry's field as it was meant, where that is certain. */
  correction?: (field: string, input: TrapInput) => string | null;
}
