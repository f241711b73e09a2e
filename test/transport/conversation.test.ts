import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { converse } from '../../src/transport/conversation.ts';
import { TransportError } from '../../src/transport/transport.ts';

const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
const never = new AbortController().signal;
const base = { env, send: Buffer.from('hello\n'), timeoutMs: 5000, signal: never };

/** Process ids whose command line has the marker. */
function alive(marker: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
      } catch {
        return false;
      }
    });
}

t.test('stdin stays open until the answer is complete', async (t) => {
  // cat would end at once if its stdin were closed; here it answers, is seen to be complete, and then ends by itself.
  const seen = await converse(['cat'], { ...base, complete: (bytes) => bytes.includes('hello\n') });
  t.match(seen, { exitCode: 0, timedOut: false });
  t.equal(seen.stdout.toString(), 'hello\n');
});

t.test('a process that never answers is ended with its whole group when time is up', async (t) => {
  const marker = '31.415926';
  const seen = await converse(['sh', '-c', `sleep ${marker} & sleep ${marker}`], {
    ...base,
    timeoutMs: 300,
    complete: () => false,
  });
  t.equal(seen.timedOut, true);
  t.same(alive(marker), []);
});

t.test('a child that holds the pipes open does not delay the result', async (t) => {
  const seen = await converse(['sh', '-c', 'echo out; setsid sleep 4 & exit 3'], {
    ...base,
    complete: () => false,
  });
  t.equal(seen.exitCode, 3);
  t.ok(seen.durationMs < 3000, `${Math.round(seen.durationMs)} ms`);
});

t.test('an abort ends it', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const seen = await converse(['sleep', '27.1828'], {
    ...base,
    signal: controller.signal,
    complete: () => false,
  });
  t.equal(seen.exitCode, null);
  t.same(alive('27.1828'), []);
});

t.test('a program that does not exist is a spawn error', async (t) => {
  await t.rejects(converse(['/nowhere/ssh'], { ...base, complete: () => false }), TransportError);
});
