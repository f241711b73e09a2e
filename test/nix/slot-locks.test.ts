import { here } from '../../src/transport/namespaces.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { currentLoadFolder, heldSlots, readLocks } from '../../src/nix/slot-locks.ts';
import { uploadLock } from '../../src/probes/upload-lock.ts';
import { buildersOf, clientView, contextOf, valueOf } from '../probes/helpers.ts';

t.test('the lines of /proc/locks', (t) => {
  const locks = readLocks(`1: FLOCK  ADVISORY  WRITE 1234 fd:01:5570 0 EOF
2: POSIX  ADVISORY  WRITE 99 fd:01:5571 0 EOF
3: FLOCK  ADVISORY  WRITE 77 00:2f:5572 0 EOF
3: -> FLOCK  ADVISORY  WRITE 78 00:2f:5573 0 EOF
4: OFDLCK ADVISORY  READ  -1 00:06:5574 0 EOF
`);
  t.same(
    [...locks],
    [
      [5570, 1234],
      [5572, 77],
    ],
  );
  t.end();
});

t.test('a slot is busy while its file is locked, and the file alone says nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-slots-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const name of ['ssh:__a-0', 'ssh:__a-1', 'main-lock', 'ssh:__a.upload-lock'])
    writeFileSync(join(folder, name), '');
  t.same(await heldSlots(folder), []);
  const child = spawn('flock', [join(folder, 'ssh:__a-1'), 'sh', '-c', 'echo held; sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  t.teardown(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  await once(child.stdout, 'data');
  t.match(await heldSlots(folder), [{ slot: 'ssh:__a-1', pid: child.pid }]);
  t.same(await heldSlots(join(folder, 'none')), []);
});

t.test('an upload is stuck when its process holds the lock and nothing moves', async (t) => {
  const state = mkdtempSync(join(tmpdir(), 'nrbd-upload-'));
  t.teardown(() => rmSync(state, { recursive: true }));
  mkdirSync(join(state, 'current-load'));
  const client = {
    ...clientView,
    environment: {
      env: { NIX_STATE_DIR: state },
      source: 'own process' as const,
      socket: '',
      refused: '',
      place: here,
    },
  };
  const look = (uri: string) => {
    const { builders } = buildersOf(uri);
    const [builder] = builders;
    return valueOf(uploadLock, contextOf({ client, builders, ...(builder && { builder }) }));
  };
  t.match(await look('ssh://a'), { held: false, moving: true });
  const holder = (uri: string, does: string) => {
    const file = join(state, 'current-load', `${uri.replaceAll('/', '_')}.upload-lock`);
    const script = `open F, '>', $ARGV[0]; flock F, 2; $| = 1; print 'held'; ${does}`;
    const child = spawn('perl', ['-e', script, file], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => child.kill('SIGKILL'));
    return once(child.stdout, 'data').then(() => child.pid);
  };
  const [still, moving] = await Promise.all([
    holder('ssh://still', 'sleep 60;'),
    holder('ssh://moving', 'while (1) { print STDERR "x"; select undef, undef, undef, 0.1; }'),
  ]);
  const seen = await Promise.all([look('ssh://still'), look('ssh://moving')]);
  t.match(seen, [
    { held: true, pid: still, moving: false },
    { held: true, pid: moving, moving: true },
  ]);
});

t.test("the folder is in Nix's state folder", (t) => {
  t.equal(currentLoadFolder({}), '/nix/var/nix/current-load');
  t.equal(currentLoadFolder({ NIX_STATE_DIR: '/s' }), '/s/current-load');
  t.end();
});
