import type { Greeting } from '../nix/protocol/greeting.ts';
import type { LoginEvidence } from '../ssh/debug-log.ts';
import type { StageTimes } from '../ssh/login-stages.ts';
import type { Conversation } from '../transport/conversation.ts';
import type { SharedLogin } from './shared-login.ts';

/** A login as Nix makes it, and what came of it. */
export interface NixLogin {
  /** Every word after `ssh` that Nix, too, gives it. */
  words: readonly string[];
  /** Whether ssh logged in. */
  started: boolean;
  /** What the remote side said, and Nix's greeting in it. */
  output: Buffer;
  greeting: Greeting | null;
  /**
   * How it ended; where it goes on, for others to use, it has a `release`. Its `stderr` is what Nix's own login shows:
   * ssh's words, then those of the builder and of a proxy.
   */
  seen: Conversation;
  /** What ssh says of each step. */
  evidence: LoginEvidence;
  /** How long it was in each stage. */
  stages: StageTimes;
  /** What a proxy or the builder wrote to standard error; of a jump host with the words of its `ssh -v`. */
  others: string;
  /** Where it is shared, if it goes on. */
  shared: SharedLogin | null;
}

/** How long it may take. */
export interface LoginLimits {
  timeoutMs: number;
  signal: AbortSignal;
}

/** A login that goes on. */
export interface LoginUnderWay {
  /** Whether ssh has logged in by now. */
  readonly started: boolean;
  done: Promise<NixLogin>;
}
