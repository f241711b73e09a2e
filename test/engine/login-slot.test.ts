import t from 'tap';
import { loginSlots } from '../../src/engine/login-slot.ts';

/** Lets everything that is ready go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('so many turns are taken at the same time; who leaves makes room for the next', async (t) => {
  const turnOf = loginSlots(2);
  const [first, second, third] = [turnOf(), turnOf(), turnOf()];
  await first.acquire();
  await first.acquire();
  await second.acquire();
  void third.acquire();
  await settle();
  t.same([first.acquired, second.acquired, third.acquired], [true, true, false]);
  first.release();
  await third.acquire();
  t.same([first.acquired, third.acquired], [false, true]);
});

t.test('who leaves before its turn comes takes none', async (t) => {
  const turnOf = loginSlots(1);
  const [first, second, third] = [turnOf(), turnOf(), turnOf()];
  await first.acquire();
  void second.acquire();
  void third.acquire();
  second.release();
  first.release();
  await third.acquire();
  t.same([second.acquired, third.acquired], [false, true]);
});

t.test(
  'one that is slow makes room, and the others no longer wait before they look for themselves',
  async (t) => {
    const turnOf = loginSlots(1);
    const [slow, waiting, later] = [turnOf(), turnOf(), turnOf()];
    await slow.acquireUnlessSlow();
    let goesOn = false;
    void waiting.acquireUnlessSlow().then(() => (goesOn = true));
    await settle();
    t.notOk(goesOn);
    slow.releaseAsSlow();
    await settle();
    t.ok(goesOn);
    await later.acquire();
    const last = turnOf();
    await last.acquireUnlessSlow();
    t.same([waiting.acquired, last.acquired], [false, false], 'they go on without a turn');
    void waiting.acquire();
    later.release();
    await waiting.acquire();
    t.same([waiting.acquired, last.acquired], [true, false], 'and keep none from others');
    waiting.release();
    await last.acquire();
    t.ok(last.acquired, 'until they need one');
  },
);
