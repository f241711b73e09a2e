import type { Builder } from './builder.ts';
import type { Features } from './release.ts';

/** What a trap is told about an entry that Nix accepts. */
export interface TrapInput {
  builder: Builder;
  features: Features;
  /** `Nix 2.8.0`, for messages. */
  release: string;
}

/** A mistake that Nix accepts in silence: the column it is in, and what to say; null where it is not made. */
export interface Trap {
  code: string;
  column: number;
  says: (field: string, input: TrapInput) => string | null;
}
