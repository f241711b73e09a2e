import pLimit, { type LimitFunction } from 'p-limit';

/** The slot of one builder: a limited number of builders are logged in to at the same time (a semaphore). */
export interface LoginSlot {
  /** Resolves when the slot is granted; at once when it already was. */
  acquire: () => Promise<void>;
  /** The same, but stops waiting once any builder called {@link LoginSlot.releaseAsSlow}. */
  acquireUnlessSlow: () => Promise<void>;
  readonly acquired: boolean;
  /** Passes the slot to the next builder. */
  release: () => void;
  /** Releases it because this login is slow; builders in {@link LoginSlot.acquireUnlessSlow} stop waiting. */
  releaseAsSlow: () => void;
}

/** Makes the slots of a run; `max` of them are granted at the same time. */
export function loginSlots(max: number): () => LoginSlot {
  const limit = pLimit(max);
  let reportSlow: () => void = () => undefined;
  const anySlow = new Promise<void>((resolve) => (reportSlow = resolve));
  return () => slotOf(limit, anySlow, reportSlow);
}

/** Acquired at the first need, held until the builder is done. */
function slotOf(limit: LimitFunction, anySlow: Promise<void>, reportSlow: () => void): LoginSlot {
  let request: SlotRequest | undefined;
  const acquire = (): Promise<void> => (request ??= requestSlot(limit)).granted;
  const release = (): void => {
    request?.end();
    request = undefined;
  };
  return {
    acquire,
    acquireUnlessSlow: async () => {
      await Promise.race([acquire(), anySlow]);
      // Release the slot if it was not granted in time.
      if (request?.isGranted !== true) release();
    },
    get acquired() {
      return request?.isGranted === true;
    },
    release,
    releaseAsSlow: () => {
      release();
      reportSlow();
    },
  };
}

interface SlotRequest {
  granted: Promise<void>;
  isGranted: boolean;
  /** Ends the request or the grant. */
  end: () => void;
}

function requestSlot(limit: LimitFunction): SlotRequest {
  const request: SlotRequest = { granted: Promise.resolve(), isGranted: false, end: () => undefined };
  const ended = new Promise<void>((resolve) => (request.end = resolve));
  request.granted = new Promise((resolve) => {
    void limit(() => {
      request.isGranted = true;
      resolve();
      return ended;
    });
  });
  return request;
}
