import { spawnSync } from 'node:child_process';
import t from 'tap';
import { clientTransport } from '../../src/transport/local-process.ts';
import { runInBatch, batchingTransport } from '../../src/transport/command-batch.ts';
import { openShellSession } from '../../src/transport/shell-session.ts';
import { soon } from '../connection/sshd.ts';

const client = clientTransport({ env: { PATH: process.env['PATH'] ?? '' } });
const options = { timeoutMs: 10_000, signal: new AbortController().signal };

t.test('commands asked for at the same moment share a shell, and each has its own result', async (t) => {
  const words = Array.from({ length: 20 }, (_, index) => `it's "${index}"\n$(false) \\`);
  const results = await Promise.all(
    words.map((word, index) =>
      runInBatch(
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
    runInBatch(['echo', 'good'], client, options),
    runInBatch(['sleep', '60'], client, { ...options, timeoutMs: 200 }),
    runInBatch(['echo', 'after'], client, options),
  ]);
  t.match(good, { exitCode: 0, stdout: 'good\n', stderr: '' });
  t.match(hangs, { exitCode: null, timedOut: true });
  t.match(after, { exitCode: 0, stdout: 'after\n', stderr: '' });
});

t.test('numbers in a line of their own are output', async (t) => {
  const seen = await Promise.all(['17', '0', '3'].map((word) => runInBatch(['echo', word], client, options)));
  t.same(
    seen.map(({ stdout }) => stdout),
    ['17\n', '0\n', '3\n'],
  );
});

t.test('a program that is not there is told of as a shell does', async (t) => {
  const [missing, there] = await Promise.all([
    runInBatch(['no-such-program'], client, options),
    runInBatch(['true'], client, options),
  ]);
  t.match(missing, { exitCode: 127, stderr: /no-such-program: not found/ });
  t.equal(there.exitCode, 0);
});

t.test('a flood from one is no part of another', async (t) => {
  const results = await Promise.all(
    ['head -c 400000 /dev/zero | tr "\\0" x', 'echo small'].map((script) =>
      runInBatch(['sh', '-c', script], client, options),
    ),
  );
  t.match(results[1], { exitCode: 0, stdout: 'small\n' });
});

/** A place that notes the commands that start there. */
function watched(mostMs = Number.POSITIVE_INFINITY) {
  const started: string[] = [];
  const open = new Set<string>();
  const place = batchingTransport({
    ...client,
    run: async (command, asked) => {
      const name = String(command);
      started.push(name);
      open.add(name);
      try {
        return await client.run(command, { ...asked, timeoutMs: Math.min(asked.timeoutMs, mostMs) });
      } finally {
        open.delete(name);
      }
    },
  });
  return { started, open, place };
}
const quick = { ...options, quick: true };

t.test('on a builder, those that say so share a shell, which stays', async (t) => {
  const { started, open, place } = watched();
  const [date, words, none, other] = await Promise.all([
    place.run('echo 1; exit 4', quick),
    place.run(['printf', '%s', "it's"], quick),
    place.run('cat; echo error >&2', quick),
    place.run('echo alone', options),
  ]);
  t.match(date, { stdout: '1\n', exitCode: 4, signal: null, timedOut: false, truncated: false });
  t.match(words, { stdout: "it's", exitCode: 0 });
  t.strictSame([none.stdout, none.stderr, none.exitCode], ['', 'error\n', 0], 'nobody types anything');
  t.match(other, { stdout: 'alone\n' });
  const [later, beside] = await Promise.all([
    place.run('echo no line feed at the end >&2; printf later; cd /; exit 3', quick),
    place.run('echo $PWD; (sleep 0.1; echo late; echo late >&2) &', quick),
  ]);
  t.match(later, { stdout: 'later', exitCode: 3 });
  t.match(beside, { stdout: `${process.cwd()}\n`, exitCode: 0 }, 'none changes anything for another');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const last = await place.run('printf x >&2', quick);
  t.strictSame([last.stdout, last.stderr], ['', 'x'], 'nor says anything in its place');
  t.strictSame(started, ['echo alone', 'sh']);
  await place.run('true', options);
  t.strictSame([...open], [], 'one that may need its session does not find it there');
  await place.run('true', quick);
  t.strictSame(started, ['echo alone', 'sh', 'true', 'sh']);
  t.strictSame([...open], ['sh']);
  t.ok(await soon(() => open.size === 0), 'a shell that nobody needs ends');
  await place.run('true', quick);
  await place.close();
  t.ok(await soon(() => open.size === 0), 'nothing stays behind');
});

t.test('any shell will do', async (t) => {
  for (const shell of ['dash', 'bash', 'busybox', 'zsh', 'ksh']) {
    const found = spawnSync('which', [shell], { encoding: 'utf8' }).stdout.trim();
    if (found === '') continue;
    const bin = t.testdir({ sh: t.fixture('symlink', found) });
    const started: string[] = [];
    const there = clientTransport({ env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    const place = batchingTransport({
      ...there,
      run: (command, asked) => {
        started.push(String(command));
        return there.run(command, asked);
      },
    });
    const [one, two, three] = await Promise.all([
      place.run('printf "no end"; echo one >&2; exit 9', quick),
      place.run("printf '%s\\n' 'a  b' \"it's\" '$x' '\\\\' '%s' '' ''; exit 0", quick),
      place.run('exec 3>&-; cat; kill -TERM $$', quick),
    ]);
    t.strictSame([one.stdout, one.stderr, one.exitCode], ['no end', 'one\n', 9], shell);
    t.strictSame([two.stdout, two.stderr], ["a  b\nit's\n$x\n\\\\\n%s\n\n\n", ''], shell);
    t.strictSame([three.stdout, three.exitCode], ['', 143], shell);
    t.strictSame(started, ['sh'], shell);
    await place.close();
  }
});

t.test('where one takes long, each is run by itself', async (t) => {
  const { started, place } = watched(1_000);
  const [slow, fast] = await Promise.all([place.run('sleep 5', quick), place.run('echo fast', quick)]);
  t.match(slow, { timedOut: true, exitCode: null });
  t.match(fast, { stdout: 'fast\n', exitCode: 0 });
  t.strictSame(started, ['sh', 'sleep 5', 'echo fast']);
});

t.test('a slow machine may take long for all, as long as each goes on', async (t) => {
  const shell = openShellSession(client);
  const counts =
    'for i in 1 2 3 4; do sleep 0.3; echo $i; done; printf "\\nend\\n"; printf "\\nend\\n" >&2\n';
  const goesOn = await shell.run(counts, 'end', { timeoutMs: 60_000, silentMs: 900, signal: options.signal });
  t.match(goesOn, { timedOut: false, stdout: '1\n2\n3\n4\n' });
  const isSilent = await shell.run('echo a; sleep 60\n', 'end', {
    timeoutMs: 60_000,
    silentMs: 200,
    signal: options.signal,
  });
  t.match(isSilent, { timedOut: true, stdout: 'a\n' });
  const endless = openShellSession(client);
  const flood = 'while sleep 0.05; do echo more; done\n';
  t.match(await endless.run(flood, 'end', { timeoutMs: 600, silentMs: 400, signal: options.signal }), {
    timedOut: true,
  });
  await Promise.all([shell.end(), endless.end()]);
});

t.test('the same command twice in a batch runs once', async (t) => {
  const { place } = watched();
  const folder = t.testdir();
  const both = await Promise.all([
    place.run(`echo x >> ${folder}/log; cat ${folder}/log`, quick),
    place.run(`echo x >> ${folder}/log; cat ${folder}/log`, quick),
    place.run('echo other', quick),
  ]);
  t.match(both, [{ stdout: 'x\n' }, { stdout: 'x\n' }, { stdout: 'other\n' }]);
  await place.close();
});

t.test('one that is alone and hangs has had its time', async (t) => {
  const { started, open, place } = watched();
  const hangs = await place.run('echo before; sleep 60', { ...quick, timeoutMs: 300 });
  t.match(hangs, { timedOut: true, exitCode: null });
  t.strictSame([hangs.stdout, hangs.stderr], ['before\n', '']);
  t.strictSame(started, ['sh']);
  t.match(await place.run('echo after', quick), { stdout: 'after\n', exitCode: 0 });
  await place.close();
  t.ok(await soon(() => open.size === 0), 'nothing stays behind');
});

t.test('a shell that ends under a command is no answer', async (t) => {
  const { started, place } = watched();
  const [killed, other] = await Promise.all([
    place.run('[ "$(ps -o comm= -p $PPID)" != sh ] || kill -KILL $PPID; echo here', quick),
    place.run('echo other', quick),
  ]);
  t.match(other, { stdout: 'other\n', exitCode: 0 });
  t.match(killed, { stdout: 'here\n', exitCode: 0 });
  t.equal(started.length, 3, 'each by itself');
  await place.close();
});

t.test('a place without a shell says so itself', async (t) => {
  const place = batchingTransport({
    ...client,
    run: (command) =>
      Promise.resolve({
        ...{ exitCode: 0, signal: null, stderr: '', durationMs: 1, timedOut: false, truncated: false },
        stdout: `no shell for ${String(command)}`,
      }),
  });
  t.match(await place.run('echo answer', quick), { stdout: 'no shell for echo answer' });
});
