import type { Observation } from '../scenario/observation.ts';
import type { ObservationRequest } from './observe.ts';

/** Keeps what was seen (`--record`), or brings it back in place of looking (`--replay`). */
export interface ObservationStore {
  record?: (question: string, observation: Observation) => void;
  replay?: (question: string) => Observation | undefined;
}

/** In place of a nonce, which is another in every run. */
const nonceMark = '{{check.nonce}}';

/** What was asked, and of whom; the same in a recording and in its replay. */
export function questionOf(subject: string | null, request: ObservationRequest, nonce: string): string {
  return JSON.stringify([subject, request]).replaceAll(nonce, nonceMark);
}

/** With the nonces taken out, for {@link ObservationStore.record}. */
export function withoutNonce(observation: Observation, nonce: string): Observation {
  return exchange(observation, nonce, nonceMark);
}

/** What was seen then, as if it had been asked with this nonce; an error where it was not. */
export function replayed(memory: ObservationStore, question: string, nonce: string): Observation {
  const found = memory.replay?.(question);
  return found === undefined
    ? { error: { code: 'not-recorded', message: 'the recording does not hold this; record it anew' } }
    : exchange(found, nonceMark, nonce);
}

function exchange(observation: Observation, from: string, to: string): Observation {
  return JSON.parse(JSON.stringify(observation).replaceAll(from, to)) as Observation;
}
