import pLimit, { type LimitFunction } from 'p-limit';

/** One place among those that may work at the same time. */
export interface Turn {
  /** Resolves when there is a place; at once when it has been taken already. */
  take: () => Promise<void>;
  /** The same, but does not wait any longer once somebody was {@link Turn.slow}. */
  takeUnlessSlow: () => Promise<void>;
  readonly taken: boolean;
  /** Leaves the place to the next. */
  leave: () => void;
  /** Leaves it because it will take long, and warns those who wait that it may take them long too. */
  slow: () => void;
}

/** Hands out turns, so many of which are taken at the same time. */
export function turnsFor(places: number): () => Turn {
  const limit = pLimit(places);
  let warn: () => void = () => undefined;
  const warned = new Promise<void>((resolve) => (warn = resolve));
  return () => turnOf(limit, warned, warn);
}

/** A turn of one builder: taken at its first need, kept until it is done. */
function turnOf(limit: LimitFunction, warned: Promise<void>, warn: () => void): Turn {
  let place: Place | undefined;
  const take = (): Promise<void> => (place ??= askFor(limit)).granted;
  const leave = (): void => {
    place?.end();
    place = undefined;
  };
  return {
    take,
    takeUnlessSlow: async () => {
      await Promise.race([take(), warned]);
      // Who goes on without it must not keep it from others.
      if (place?.isGranted !== true) leave();
    },
    get taken() {
      return place?.isGranted === true;
    },
    leave,
    slow: () => {
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
