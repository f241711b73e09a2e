import t from 'tap';
import { sparingDevNull } from '../../src/connection/spare-dev-null.ts';
import type { Command, Transport } from '../../src/transport/transport.ts';

t.test('commands write nothing to /dev/null once it is known to be closed', async (t) => {
  const asked: Command[] = [];
  const place = {
    name: 'ssh2',
    run: (command: Command) => {
      asked.push(command);
      return Promise.resolve({});
    },
    close: () => Promise.resolve(),
  } as unknown as Transport;
  let isSpared = false;
  const sparing = sparingDevNull(place, () => isSpared);
  const options = { timeoutMs: 1000, signal: new AbortController().signal };
  await sparing.run('a 2>/dev/null', options);
  isSpared = true;
  await sparing.run('a >/dev/null 2>&1; b 2> /dev/null; ls /dev/null; c >>/dev/nullable </dev/null', options);
  await sparing.run(['sh', '-c', 'a 2>/dev/null'], options);
  t.strictSame(asked, [
    'a 2>/dev/null',
    'a >/dev/zero 2>&1; b 2> /dev/zero; ls /dev/null; c >>/dev/nullable </dev/null',
    ['sh', '-c', 'a 2>/dev/zero'],
  ]);
});
