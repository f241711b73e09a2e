import pLimit, { type LimitFunction } from 'p-limit';

/** One place among those that may work at the same time. */
export interface LoginSlot {
  /** Resolves when there is a place; at once when it has been taken already. */
  acquire: () => Promise<void>;
  /** The same, but does not wait any longer once somebody was {@link LoginSlot.releaseAsSlow}. */
  acquireUnlessSlow: () => Promise<void>;
  readonly acquired: boolean;
  /** Leaves the place to the next. */
  release: () => void;
  /** Leaves it because it will take long, and warns those who wait that it may take them long too. */
  releaseAsSlow: () => void;
}

/** Hands out turns, so many of which are taken at the same time. */
export function loginSlots(places: number): () => LoginSlot {
  const limit = pLimit(places);
  let warn: () => void = () => undefined;
  const warned = new Promise<void>((resolve) => (warn = resolve));
  return () => slotOf(limit, warned, warn);
}

/** A turn of one builder: taken at its first need, kept until it is done. */
function slotOf(limit: LimitFunction, warned: Promise<void>, warn: () => void): LoginSlot {
  let place: Place | undefined;
  const take = (): Promise<void> => (place ??= askFor(limit)).granted;
  const leave = (): void => {
    place?.end();
    place = undefined;
  };
  return {
    acquire: take,
    acquireUnlessSlow: async () => {
      await Promise.race([take(), warned]);
      // Who goes on without it must not keep it from others.
      if (place?.isGranted !== true) leave();
    },
    get acquired() {
      return place?.isGranted === true;
    },
    release: leave,
    releaseAsSlow: () => {
      leave();
      warn();
    },
  };
}

interface Place {
  granted: Promise<void>;
  isGranted: boolean;
  /** Before it was granted, too: then it is passed on at once. */
  end: () => void;
}

function askFor(limit: LimitFunction): Place {
  const place: Place = { granted: Promise.resolve(), isGranted: false, end: () => undefined };
  const ended = new Promise<void>((resolve) => (place.end = resolve));
  place.granted = new Promise((resolve) => {
    void limit(() => {
      place.isGranted = true;
      resolve();
      return ended;
    });
  });
  return place;
}
