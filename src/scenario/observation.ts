/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What running a scenario's command or probe saw: the thing that matchers judge. */
export interface Observation {
  exitCode?: number | null;
  signal?: string | null;
  stdout?: string;
  stderr?: string;
  durationMs?: number;
  timedOut?: boolean;
  truncated?: boolean;
  /** The structured result of a probe. */
  value?: Json;
  /** Set when nothing could be observed; the outcome is then `error`. Hints may match on `error: {code: …}`. */
  error?: { code: string; message: string };
  /** When it was observed (RFC 3339): in a recording and in an example. Otherwise it is now. */
  at?: string;
}
