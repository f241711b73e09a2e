import t from 'tap';
import { clientTransport } from '../../src/transport/client.ts';
import { runTogether, sharingSessions } from '../../src/transport/together.ts';

const client = clientTransport({ env: { PATH: process.env['PATH'] ?? '' } });
const options = { timeoutMs: 10_000, signal: new AbortController().signal };

t.test('commands asked for at the same moment share a shell, and each has its own result', async (t) => {
  const words = Array.from({ length: 20 }, (_, index) => `it's "${index}"\n$(false) \\`);
  const results = await Promise.all(
    words.map((word, index) =>
      runTogether(
        ['sh', '-c', 'printf %s "$1"; echo "$PPID" >&2; exit "$2"', 'sh', word, String(index)],
        client,
        options,
      ),
    ),
  );
  t.strictSame(
    results.map(({ stdout, exitCode }) => [stdout, exitCode]),
    words.map((word, index) => [word, index]),
  );
  t.equal(new Set(results.map(({ stderr }) => stderr)).size, 2, 'sixteen in one shell, four in another');
});

t.test('one that hangs ends within its own time, and the others are answered', async (t) => {
  const [good, hangs, after] = await Promise.all([
    runTogether(['echo', 'good'], client, options),
    runTogether(['sleep', '60'], client, { ...options, timeoutMs: 200 }),
    runTogether(['echo', 'after'], client, options),
  ]);
  t.match(good, { exitCode: 0, stdout: 'good\n', stderr: '' });
  t.match(hangs, { exitCode: null, timedOut: true });
  t.match(after, { exitCode: 0, stdout: 'after\n', stderr: '' });
});

t.test('numbers in a line of their own are output', async (t) => {
  const seen = await Promise.all(
    ['17', '0', '3'].map((word) => runTogether(['echo', word], client, options)),
  );
  t.same(
    seen.map(({ stdout }) => stdout),
    ['17\n', '0\n', '3\n'],
  );
});

t.test('a program that is not there is told of as a shell does', async (t) => {
  const [missing, there] = await Promise.all([
    runTogether(['no-such-program'], client, options),
    runTogether(['true'], client, options),
  ]);
  t.match(missing, { exitCode: 127, stderr: /no-such-program: not found/ });
  t.equal(there.exitCode, 0);
});

t.test('a flood from one is no part of another', async (t) => {
  const results = await Promise.all(
    ['head -c 400000 /dev/zero | tr "\\0" x', 'echo small'].map((script) =>
      runTogether(['sh', '-c', script], client, options),
    ),
  );
  t.match(results[1], { exitCode: 0, stdout: 'small\n' });
});

t.test(
  'on a builder, those that say so share a session; where one takes long each is run by itself',
  async (t) => {
    const scripts: string[] = [];
    const place = sharingSessions({
      ...client,
      run: (command, asked) => {
        scripts.push(String(command));
        return client.run(command, { ...asked, timeoutMs: Math.min(asked.timeoutMs, 1_000) });
      },
    });
    const quick = { ...options, quick: true };
    const [date, words, none, other] = await Promise.all([
      place.run('echo 1; exit 4', quick),
      place.run(['printf', '%s', "it's"], quick),
      place.run('cat; echo error >&2', quick),
      place.run('echo alone', options),
    ]);
    t.match(date, { stdout: '1\n', exitCode: 4, signal: null, timedOut: false, truncated: false });
    t.match(words, { stdout: "it's", exitCode: 0 });
    t.match(none, { stdout: '', stderr: 'error\n', exitCode: 0 }, 'nobody types anything');
    t.match(other, { stdout: 'alone\n' });
    t.equal(scripts.length, 2);
    const [slow, fast] = await Promise.all([place.run('sleep 5', quick), place.run('echo fast', quick)]);
    t.match(slow, { timedOut: true, exitCode: null });
    t.match(fast, { stdout: 'fast\n', exitCode: 0 });
    t.equal(scripts.length, 5, 'once together, and then each');
  },
);
