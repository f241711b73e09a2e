import t from 'tap';
import { breathe } from '../src/breathe.ts';

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
      await breathe();
      work(10);
    }),
  );
  t.ok(turns >= 8, `${turns} turns in half a second of work`);
  const began = performance.now();
  for (let pieces = 0; pieces < 1000; pieces += 1) await breathe();
  t.ok(performance.now() - began < 1000, 'and costs next to nothing where there is none');
});
