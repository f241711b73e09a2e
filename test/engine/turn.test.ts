import t from 'tap';
import { turnsFor } from '../../src/engine/turn.ts';

/** Lets everything that is ready go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('so many turns are taken at the same time; who leaves makes room for the next', async (t) => {
  const turnOf = turnsFor(2);
  const [first, second, third] = [turnOf(), turnOf(), turnOf()];
  await first.take();
  await first.take();
  await second.take();
  void third.take();
  await settle();
  t.same([first.taken, second.taken, third.taken], [true, true, false]);
  first.leave();
  await third.take();
  t.same([first.taken, third.taken], [false, true]);
});

t.test('who leaves before its turn comes takes none', async (t) => {
  const turnOf = turnsFor(1);
  const [first, second, third] = [turnOf(), turnOf(), turnOf()];
  await first.take();
  void second.take();
  void third.take();
  second.leave();
  first.leave();
  await third.take();
  t.same([second.taken, third.taken], [false, true]);
});

t.test(
  'one that is slow makes room, and the others no longer wait before they look for themselves',
  async (t) => {
    const turnOf = turnsFor(1);
    const [slow, waiting, later] = [turnOf(), turnOf(), turnOf()];
    await slow.takeUnlessSlow();
    let goesOn = false;
    void waiting.takeUnlessSlow().then(() => (goesOn = true));
    await settle();
    t.notOk(goesOn);
    slow.slow();
    await settle();
    t.ok(goesOn);
    await later.take();
    const last = turnOf();
    await last.takeUnlessSlow();
    t.same([waiting.taken, last.taken], [false, false], 'they go on without a turn');
    void waiting.take();
    later.leave();
    await waiting.take();
    t.same([waiting.taken, last.taken], [true, false], 'and keep none from others');
    waiting.leave();
    await last.take();
    t.ok(last.taken, 'until they need one');
  },
);
