import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';

// `serve` and `watch`: what they do when the machines file, or what is chosen of it, is wrong, and later right.

const bad = 'ssh://mac x86_64-linux - 1\nssh://arm x86_64-linux - notanumber\n';

function machinesOf(t: Test, text: string): { file: string; write: (text: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-again-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'machines');
  writeFileSync(file, text);
  return { file, write: (next) => writeFileSync(file, next) };
}

function start(t: Test, ...args: string[]): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        child.once('close', () => resolve());
        if (!child.kill('SIGTERM')) resolve();
      }),
  );
  return { child, said: () => said };
}

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const end = performance.now() + 20_000;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(100);
  }
}

interface Server {
  get: (path: string) => Promise<{ status: number; text: string }>;
  said: () => string;
  again: () => void;
}

async function serve(t: Test, ...args: string[]): Promise<Server> {
  const { child, said } = start(t, 'serve', '--listen', '127.0.0.1:0', '-t', 'slots', ...args);
  const base = await until('it listens', () => /listening on (http:\S+)\//.exec(said())?.[1] ?? null);
  const get: Server['get'] = async (path) => {
    const answer = await fetch(base + path);
    return { status: answer.status, text: await answer.text() };
  };
  await until('the first run', async () =>
    /(runs|failures)_total 1\n/.test((await get('/metrics')).text) ? true : null,
  );
  return { get, said, again: () => void child.kill('SIGHUP') };
}

t.test('serve: an exclude that finds no builder leaves the others watched', async (t) => {
  const { file } = machinesOf(t, 'ssh://mac\n');
  const { get, said } = await serve(t, '-m', file, '-e', 'gone');
  t.same(await get('/healthz'), { status: 200, text: 'healthy\n' });
  t.match((await get('/report.json')).text, '"name": "mac"');
  t.match(
    (await get('/metrics')).text,
    'nix_remote_builders_doctor_filter_builders{option="exclude",pattern="gone"} 0\n',
  );
  t.match(said(), '--exclude gone: no builder is called that');
});

t.test(
  'serve: an include that finds no builder is told everywhere, and found once it is there',
  async (t) => {
    const { file, write } = machinesOf(t, 'ssh://mac\n');
    const { get, said, again } = await serve(t, '-m', file, '-i', 'gone"', '-i', 'mac');
    const wanted = 'no builder for --include gone"';
    t.same(await get('/healthz'), { status: 503, text: `healthy; ${wanted}\n` });
    const metrics = async (): Promise<string> => (await get('/metrics')).text;
    t.match(await metrics(), 'nix_remote_builder_up{builder="mac"} 1\n', 'the others are watched');
    t.match(await metrics(), 'filter_builders{option="include",pattern="gone\\""} 0\n');
    t.match(await metrics(), 'filter_builders{option="include",pattern="mac"} 1\n');
    t.match((await get('/')).text, /--include gone&quot;: no builder is called that/);
    t.match(said(), '--include gone": no builder is called that');
    write('ssh://mac\nssh://gone"\n');
    again();
    await until('it is found', async () => (await metrics()).includes('builder="gone\\""} 1') || null);
    t.same(await get('/healthz'), { status: 200, text: 'healthy\n' });
    t.match(await metrics(), 'filter_builders{option="include",pattern="gone\\""} 1\n');
  },
);

t.test('serve: where no include finds a builder there is a report of none, and it goes on', async (t) => {
  const { file, write } = machinesOf(t, 'ssh://mac\n');
  const { get, again } = await serve(t, '-m', file, '-i', 'gone');
  t.match(await get('/healthz'), { status: 503, text: /unhealthy; no builder for --include gone/ });
  t.match((await get('/metrics')).text, 'nix_remote_builders_healthy 0\n');
  t.match((await get('/metrics')).text, 'nix_remote_builders_doctor_stale 0\n');
  t.match(await get('/'), { status: 200, text: /--include gone: no builder is called that/ });
  write('ssh://gone\n');
  again();
  await until('it is found', async () => ((await get('/healthz')).status === 200 ? true : null));
});

t.test('serve: a machines file that breaks every build is told, whatever is selected', async (t) => {
  const { file, write } = machinesOf(t, bad);
  const { get, again } = await serve(t, '-m', file, '-i', 'mac');
  t.match(await get('/healthz'), { status: 503, text: 'unhealthy' });
  t.match((await get('/report.json')).text, 'machines-file-bad-entry');
  write('ssh://mac\n');
  again();
  await until('it is corrected', async () => ((await get('/healthz')).status === 200 ? true : null));
});

t.test('watch: a bad machines file, and an include without a builder, are told', async (t) => {
  const { file, write } = machinesOf(t, bad);
  const { said } = start(t, 'watch', '--every', '1s', '-t', 'slots', '-m', file, '-i', 'mac');
  await until('the bad file', () => /machines-file-bad-entry/.test(said()) || null);
  write('ssh://arm\n');
  await until(
    'the builder that is gone',
    () => /--include mac: no builder is called that/.test(said()) || null,
  );
  write('ssh://mac\n');
  await until('the builder that is back', () => /mac: .*slots|new builder|mac/.test(said()) || null);
  t.pass();
});
