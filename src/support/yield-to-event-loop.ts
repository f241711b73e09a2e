import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that can wait yields when the current turn of the event loop has taken longer than this. */
const longestTurnMs = 10;
let turnBegan: number | undefined;
let queue = Promise.resolve();

/**
 * Awaited between pieces of work of which there may be thousands. Lets timers, keys and sockets be served when the
 * current turn of the event loop has been long.
 */
export function yieldToEventLoop(): Promise<void> {
  // In order, so that each looks at the clock after the piece of work before it.
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
