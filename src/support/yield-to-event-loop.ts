import { setImmediate as nextTurn } from 'node:timers/promises';

/** A turn of the event loop goes on with work that can wait for no longer than this. */
const longestTurnMs = 10;
let turnBegan: number | undefined;
let queue = Promise.resolve();

/**
 * Awaited between pieces of work of which there may be thousands: lets timers, keys and the network have their turn
 * when the present one has been long.
 */
export function yieldToEventLoop(): Promise<void> {
  // One after the other, so that each looks at the clock when the one before has done its piece.
  queue = queue.then(untilShort);
  return queue;
}

async function untilShort(): Promise<void> {
  while (isLong()) await nextTurn();
}

function isLong(): boolean {
  if (turnBegan === undefined) {
    turnBegan = performance.now();
    setImmediate(() => (turnBegan = undefined));
  }
  return performance.now() - turnBegan > longestTurnMs;
}
