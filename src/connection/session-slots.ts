import pLimit from 'p-limit';
import { TransportError } from '../transport/transport.ts';

/** sshd's MaxSessions is 10 by default; some are left to others. */
const maxSessions = 8;
/** A server may take a moment to give a finished session's place free. */
const retries = 20;
const retryAfterMs = 50;

/** Runs an attempt when there is a session free for it. */
export type SessionSlots = <T>(attempt: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/**
 * Shares the sessions of one connection: as many at once as the server allows, 8 at most. An attempt that is refused
 * ({@link TransportError} with phase `channel`) waits for its turn and tries again, and from then on fewer run at once.
 */
export function sessionSlots(): SessionSlots {
  const limit = pLimit(maxSessions);
  let open = 0;
  const counted = async <T>(attempt: () => Promise<T>): Promise<T> => {
    open += 1;
    try {
      return await attempt();
    } finally {
      open -= 1;
    }
  };
  return async (attempt, signal) => {
    for (let refused = 0; ; refused += 1) {
      try {
        return await limit(() => counted(attempt));
      } catch (error) {
        const mayPass = error instanceof TransportError && error.phase === 'channel' && !signal.aborted;
        if (!mayPass || refused === retries) throw error;
        limit.concurrency = Math.max(1, Math.min(limit.concurrency, open));
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      }
    }
  };
}
