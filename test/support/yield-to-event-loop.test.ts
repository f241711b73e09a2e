import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { yieldToEventLoop } from '../../src/support/yield-to-event-loop.ts';

/** Keeps the event loop busy. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

t.test('long work lets others have their turn', async (t) => {
  let turns = 0;
  const count = setInterval(() => (turns += 1), 1);
  t.teardown(() => clearInterval(count));
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      await yieldToEventLoop();
      work(10);
    }),
  );
  t.ok(turns >= 8, `${turns} turns in half a second of work`);
});

t.test('in a young turn it goes on at once', async (t) => {
  await nextTurn();
  await nextTurn();
  let passed = false;
  setImmediate(() => (passed = true));
  await yieldToEventLoop();
  t.notOk(passed, 'no turn was given away');
});
