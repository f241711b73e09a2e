import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { clientTransport } from '../../src/transport/local-process.ts';
import { connectOpenssh } from '../../src/connection/openssh.ts';
import { connectSsh2 } from '../../src/connection/ssh2.ts';
import type { RunOptions, Transport } from '../../src/transport/transport.ts';
import { env, fails, never, processesWith, type Sshd, soon, startSshd } from './sshd.ts';

/** Commands run alike wherever they run: these statements hold for each transport. */
const lanes: Record<string, (sshd: Sshd) => Promise<Transport>> = {
  client: async () => clientTransport({ env }),
  ssh2: async (sshd) => {
    const asked = await sshd.asked();
    if (!asked.ok) throw new Error(asked.stderr);
    const knownHostsFiles = asked.config.userKnownHostsFiles;
    return connectSsh2({ config: asked.config, knownHostsFiles, timeoutMs: 10_000, signal: never });
  },
  openssh: async (sshd) => {
    const folder = mkdtempSync(join(sshd.folder, 'run-'));
    return connectOpenssh({ words: sshd.words(), env, folder, timeoutMs: 10_000, signal: never });
  },
};

const options: RunOptions = {
  timeoutMs: 10_000,
  get signal() {
    return new AbortController().signal;
  },
};
const hostile = [
  '',
  ' ',
  'a b',
  "it's",
  '"$HOME"',
  '`id`',
  '\\',
  "\\'",
  'a\\\\b',
  '*',
  '~',
  '-n',
  'é',
  'line\nfeed',
  '!!',
  '#',
];

t.before(() => t.setTimeout(90_000));

const sshd = await startSshd(t);

for (const [name, open] of Object.entries(lanes)) {
  t.test(name, async (t) => {
    const transport = await open(sshd);
    t.teardown(() => transport.close());
    t.equal(transport.name, name);

    await t.test("exit codes are the command's own, 255 too", async (t) => {
      for (const code of [0, 1, 127, 255]) {
        t.match(await transport.run(`exit ${code}`, options), {
          exitCode: code,
          signal: null,
          timedOut: false,
        });
      }
    });

    await t.test('stdout and stderr are told apart and come unchanged', async (t) => {
      const seen = await transport.run("printf 'out\\nno end'; printf 'err' >&2; exit 3", options);
      t.match(seen, { exitCode: 3, stdout: 'out\nno end', stderr: 'err', truncated: false });
    });

    await t.test('it can be talked with while it runs', async (t) => {
      const heard = { stdout: '', stderr: '' };
      async function* questions(): AsyncGenerator<string> {
        for (const question of ['one', 'two']) {
          yield `echo ${question}; echo ${question} >&2\n`;
          t.ok(
            await soon(() => heard.stdout.includes(question) && heard.stderr.includes(question)),
            question,
          );
        }
        yield `exit $((4 + 3))\n`;
      }
      const seen = await transport.run(['sh'], {
        ...options,
        stdin: questions(),
        onOutput: (stream, chunk) => (heard[stream] += chunk.toString()),
      });
      t.match(seen, { exitCode: 7, stdout: 'one\ntwo\n', stderr: 'one\ntwo\n' });
    });

    await t.test('what is not UTF-8 does no harm', async (t) => {
      t.match(await transport.run("printf 'a\\377b'", options), { exitCode: 0, stdout: 'a\u{FFFD}b' });
    });

    await t.test('the words of a list arrive as they are', async (t) => {
      t.equal((await transport.run(['printf', '%s|', ...hostile], options)).stdout, `${hostile.join('|')}|`);
    });

    await t.test('a string runs in sh', async (t) => {
      const seen = await transport.run('x="a b"; for i in 1 2; do echo "$i \'$x\' \\\\"; done', options);
      t.equal(seen.stdout, "1 'a b' \\\n2 'a b' \\\n");
    });

    await t.test('stdin is given, or empty', async (t) => {
      t.equal((await transport.run('cat', { ...options, stdin: 'hello\n' })).stdout, 'hello\n');
      t.match(await transport.run('cat', options), { exitCode: 0, stdout: '' });
      const much = await transport.run('wc -c', { ...options, stdin: Buffer.alloc(3_000_000) });
      t.equal(much.stdout.trim(), '3000000');
      t.match(await transport.run('exit 4', { ...options, stdin: Buffer.alloc(3_000_000) }), { exitCode: 4 });
    });

    await t.test('there is no terminal to ask on', async (t) => {
      t.not((await transport.run('test -t 0 || (exec < /dev/tty) 2>/dev/null', options)).exitCode, 0);
    });

    await t.test('of a flood the head and the tail are kept', async (t) => {
      const seen = await transport.run('echo first; yes | head -c 3000000; echo last', options);
      t.match(seen, { exitCode: 0, truncated: true, stdout: /^first\n[\s\S]*bytes left out[\s\S]*last\n$/ });
      t.ok(seen.stdout.length < 270_000);
    });

    await t.test('the timeout ends the command and what it started', async (t) => {
      const marker = `86${process.pid}.${name.length}`;
      const seen = await transport.run(`sleep ${marker} & echo begun; sleep ${marker}`, {
        ...options,
        timeoutMs: 400,
      });
      t.match(seen, { exitCode: null, timedOut: true, stdout: 'begun\n' });
      t.ok(seen.durationMs < 3_000, `${Math.round(seen.durationMs)} ms`);
      t.ok(await soon(() => processesWith(marker).length === 0), processesWith(marker).join());
    });

    await t.test('one that ignores SIGTERM is killed', async (t) => {
      const marker = `87${process.pid}.${name.length}`;
      const seen = await transport.run(`trap '' TERM; sleep ${marker}; sleep ${marker}`, {
        ...options,
        timeoutMs: 300,
      });
      t.match(seen, { exitCode: null, timedOut: true });
      t.ok(await soon(() => processesWith(marker).length === 0), processesWith(marker).join());
    });

    await t.test('an abort ends it', async (t) => {
      const marker = `88${process.pid}.${name.length}`;
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      const seen = await transport.run(`sleep ${marker}`, { ...options, signal: controller.signal });
      t.match(seen, { exitCode: null, timedOut: false });
      t.ok(await soon(() => processesWith(marker).length === 0), processesWith(marker).join());
    });

    await t.test('nothing starts after an abort', async (t) => {
      await fails(t, transport.run('true', { ...options, signal: AbortSignal.abort() }), {
        name: 'TransportError',
      });
    });

    await t.test('thirty commands at once do not disturb each other', async (t) => {
      const numbers = Array.from({ length: 30 }, (_, index) => String(index));
      const seen = await Promise.all(numbers.map((number) => transport.run(['echo', number], options)));
      t.strictSame(
        seen.map(({ stdout }) => stdout.trim()),
        numbers,
      );
    });
  });
}

t.test('on this machine', async (t) => {
  const transport = clientTransport({ env: { PATH: env.PATH, ONLY: 'this' }, cwd: '/usr' });
  t.strictSame(
    (await transport.run(['env'], options)).stdout.trim().split('\n').sort(),
    ['ONLY=this', `PATH=${env.PATH}`],
    'the environment is the given one and nothing else',
  );
  t.equal((await transport.run('pwd', options)).stdout, '/usr\n', 'it runs in the given folder');
  t.match(await transport.run('kill -9 $$', options), { exitCode: null, signal: 'SIGKILL' });
  await fails(t, transport.run(['/nowhere/ssh'], options), { phase: 'spawn', message: /nowhere.*ENOENT/ });
  await fails(t, transport.run(['/etc/passwd'], options), { phase: 'spawn', message: /EACCES/ });
  const seen = await transport.run('echo out; setsid sleep 4 & exit 3', options);
  t.match(seen, { exitCode: 3, stdout: 'out\n' }, 'a child that holds the pipes open changes nothing');
  t.ok(seen.durationMs < 2_500, 'and does not delay the result');
});
