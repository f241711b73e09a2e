import { createServer, type Server } from 'node:net';
import { chmodSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { entriesOf } from '../../src/hook/entries.ts';
import { isAlive, isSilent } from '../../src/hook/leave-out.ts';
import { look } from '../../src/hook/look.ts';
import { BuilderStateStore } from '../../src/hook/memory.ts';

/** Servers by the port that they greet on after so long; null never. */
async function servers(delays: readonly (number | null)[]): Promise<{ ports: number[]; close: () => void }> {
  const open: Server[] = [];
  for (const delay of delays) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (delay !== null) setTimeout(() => socket.write('SSH-2.0-x\r\n'), delay);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    server.unref();
    open.push(server);
  }
  return {
    ports: open.map((server) => (server.address() as AddressInfo).port),
    close: () => {
      for (const server of open) server.close();
    },
  };
}

t.test('who answers, who does not, and who answers late', async (t) => {
  const { ports, close } = await servers([0, null, 1200]);
  const [good = 0, mute = 0, slow = 0] = ports;
  const folder = t.testdir();
  // What `ssh -G` says, for ports of this test; `by-proxy` is reached by another program.
  writeFileSync(
    `${folder}/ssh`,
    `#!/bin/sh
for name; do :; done
case $name in mute) p=${mute} ;; slow) p=${slow} ;; none) p=1 ;; *) p=${good} ;; esac
printf 'hostname 127.0.0.1\\nport %s\\n' $p
[ "$name" != by-proxy ] || echo 'proxycommand nc mute 22'
`,
  );
  chmodSync(`${folder}/ssh`, 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  t.teardown(() => {
    process.env['PATH'] = path;
    close();
  });
  const memory = new BuilderStateStore(folder);
  const names = ['good', 'mute', 'slow', 'none', 'by-proxy'];
  const entries =
    entriesOf(names.map((name) => `ssh://${name}`).join('\n'), 'x86_64-linux', () => null) ?? [];
  const state = (): string[] =>
    names.map((name) => {
      const seen = memory.seen(`ssh://${name}`);
      return `${name} ${isSilent(seen, Date.now()) ? 'silent' : isAlive(seen, Date.now()) ? 'alive' : 'unknown'}`;
    });
  await look(entries, memory);
  t.same(state(), ['good alive', 'mute silent', 'slow silent', 'none unknown', 'by-proxy unknown']);
  while (memory.seen('ssh://slow').alive === undefined) await sleep(20);
  t.match(state(), ['good alive', 'mute silent', 'slow alive'], 'a late answer counts');
  await look(
    entries.filter(({ host }) => host === 'slow'),
    memory,
  );
  t.match(state()[2], 'slow alive', 'it is known to be slow, so it is waited for');
});
