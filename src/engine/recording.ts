import type { Observation } from '../scenario/observation.ts';
import type { ObservationRequest } from './observe.ts';

/** Records observations (`--record`), or replays recorded ones instead of observing (`--replay`). */
export interface ObservationStore {
  record?: (question: string, observation: Observation) => void;
  replay?: (question: string) => Observation | undefined;
}

/** Stands for the nonce, which differs in every run. */
const nonceMark = '{{check.nonce}}';

/** The key of an observation: the subject and the request. The same in a recording and in its replay. */
export function questionOf(subject: string | null, request: ObservationRequest, nonce: string): string {
  return JSON.stringify([subject, request]).replaceAll(nonce, nonceMark);
}

/** With the nonce replaced, for {@link ObservationStore.record}. */
export function withoutNonce(observation: Observation, nonce: string): Observation {
  return exchange(observation, nonce, nonceMark);
}

/** The recorded observation, with this nonce; an error where the recording has none. */
export function replayed(store: ObservationStore, question: string, nonce: string): Observation {
  const found = store.replay?.(question);
  return found === undefined
    ? {
        error: {
          code: 'not-recorded',
          message: 'the recording does not have this observation; record again',
        },
      }
    : exchange(found, nonceMark, nonce);
}

function exchange(observation: Observation, from: string, to: string): Observation {
  return JSON.parse(JSON.stringify(observation).replaceAll(from, to)) as Observation;
}
