import type { LimitFunction } from 'p-limit';

/** One place among those that may work at the same time. */
export interface Turn {
  /** Resolves when there is a place; at once when it has been taken already. */
  take: () => Promise<void>;
  /** Leaves the place to the next. */
  leave: () => void;
}

/** A turn of one builder: taken at its first need, kept until it is done. */
export function turnOf(places: LimitFunction): Turn {
  let taken: Promise<void> | undefined;
  let free: () => void = () => undefined;
  return {
    take: () =>
      (taken ??= new Promise((resolve) => {
        void places(() => {
          resolve();
          return new Promise<void>((done) => (free = done));
        });
      })),
    leave: () => free(),
  };
}
