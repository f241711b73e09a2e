import { setTimeout as sleep } from 'node:timers/promises';
import type { Builder } from '../machines/builder.ts';
import { ask, placeOf } from './ask.ts';
import type { BuilderStateStore } from './memory.ts';

/** Without an answer for this long, a builder is silent for now. */
const leastPatienceMs = 300;

/** A hook waits no longer. */
const mostPatienceMs = 4000;

/**
 * Asks builders at the same time, and notes who answers. Ends when each has answered, or was silent for four times as
 * long as it or one of the others took; questions that are open then go on, and a late answer is noted too.
 */
export async function look(builders: readonly Builder[], memory: BuilderStateStore): Promise<void> {
  let slowestMs = 0;
  await Promise.all(
    builders.map(async ({ uri, ...rest }) => {
      const place = await placeOf({ uri, ...rest });
      if (place === null) return;
      const at = Date.now();
      const started = performance.now();
      const { answered } = ask(place);
      let isOver = false as boolean;
      const noted = answered.then((tookMs) => {
        isOver = true;
        if (tookMs === null) return;
        slowestMs = Math.max(slowestMs, tookMs);
        memory.noteAlive(uri, Date.now(), tookMs);
      });
      const patienceMs = (): number =>
        Math.min(
          mostPatienceMs,
          Math.max(leastPatienceMs, 4 * (memory.seen(uri).tookMs ?? 0), 4 * slowestMs),
        );
      while (!isOver && performance.now() - started < patienceMs())
        await Promise.race([noted, sleep(Math.max(1, patienceMs() - (performance.now() - started)))]);
      // What came while this process had to wait for its turn.
      await sleep(0);
      if (!isOver) memory.noteSilent(uri, at);
    }),
  );
}
