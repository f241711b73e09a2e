import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { threat } from './threat.ts';

t.setTimeout(300_000);
const folder = mkdtempSync(join(tmpdir(), 'nrbd-ourselves-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const root = process.getuid?.() === 0;
const env = { ...process.env, NO_COLOR: '1' };

/** A suite whose one command runs for a time that only it has. */
function slow(seconds: string): string[] {
  const spec = join(folder, `slow-${seconds}.yaml`);
  writeFileSync(
    spec,
    `id: slow\ntitle: a\ntarget: client\ncommand: sleep ${seconds}\nexpect: {exitCode: 0}\nexamples: [{exitCode: 0, outcome: pass}]\n`,
    { mode: 0o600 },
  );
  return ['dist/cli.js', 'check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec];
}

const quick = slow('0.01');

/** Processes whose words hold this text, by /proc. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
      } catch {
        return false;
      }
    });
}

async function gone(text: string): Promise<boolean> {
  for (let tries = 0; tries < 60 && processesWith(text).length > 0; tries += 1) await sleep(100);
  return processesWith(text).length === 0;
}

for (const [index, [signal, wanted]] of (
  [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGKILL', null],
  ] as const
).entries())
  threat(
    'faults in ourselves',
    `${signal} in the middle of a run`,
    'no orphan process, no half-written report',
    async (t) => {
      const seconds = `71.${String(index + 1)}828`;
      const report = join(folder, `${signal}.json`);
      const child = spawn(process.execPath, [...slow(seconds), '-f', `json=${report}`], {
        stdio: 'ignore',
        env,
      });
      for (let tries = 0; tries < 100 && processesWith(`sleep ${seconds}`).length === 0; tries += 1)
        await sleep(100);
      t.ok(processesWith(`sleep ${seconds}`).length > 0, 'it runs');
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      child.kill(signal);
      t.equal(await ended, wanted);
      t.ok(await gone(`sleep ${seconds}`), 'what it started has ended too');
      if (existsSync(report)) JSON.parse(readFileSync(report, 'utf8'));
      t.same(
        readdirSync(folder).filter((name) => name.endsWith('.tmp')),
        [],
      );
    },
  );

threat('faults in ourselves', 'a reader that closes the pipe (`| head -1`)', 'ends quietly', (t) => {
  const words = [process.execPath, ...quick].map((word) => `'${word}'`).join(' ');
  const { stderr, status } = spawnSync(
    'bash',
    ['-o', 'pipefail', '-c', `${words} -f json | head -c 10 > /dev/null; exit \${PIPESTATUS[0]}`],
    { encoding: 'utf8', env },
  );
  t.notMatch(stderr, /EPIPE|at /);
  t.ok(status === 0 || status === 1);
});

threat(
  'faults in ourselves',
  'a full disk under the report',
  'exit 2 and a clear word; the old report stays',
  (t) => {
    if (!root) return;
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    t.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status, 0);
    try {
      writeFileSync(join(disk, 'report.json'), 'old');
      spawnSync('sh', ['-c', `dd if=/dev/zero of=${disk}/fill bs=1k count=100 2>/dev/null`]);
      const { status, stderr } = spawnSync(process.execPath, [...quick, '-f', `json=${disk}/report.json`], {
        encoding: 'utf8',
        env,
      });
      t.equal(status, 2);
      t.match(stderr, /cannot write .*(ENOSPC|no space)/);
      t.equal(readFileSync(join(disk, 'report.json'), 'utf8'), 'old');
      t.same(readdirSync(disk).sort(), ['fill', 'report.json']);
    } finally {
      spawnSync('umount', [disk]);
    }
  },
);

threat(
  'faults in ourselves',
  'few file descriptors (ulimit -n 40)',
  'a result or a clear word, no stack trace of ours',
  (t) => {
    const words = [process.execPath, ...quick].map((word) => `'${word}'`).join(' ');
    const { status, stderr } = spawnSync('bash', ['-c', `ulimit -n 40; exec ${words}`], {
      encoding: 'utf8',
      env,
    });
    t.ok([0, 1, 2, 3].includes(status ?? -1), `${status}: ${stderr}`);
  },
);

threat('faults in ourselves', 'a TMPDIR that does not exist', 'exit 2 and a clear word', (t) => {
  const { status, stderr } = spawnSync(process.execPath, quick, {
    encoding: 'utf8',
    env: { ...env, TMPDIR: '/no/such' },
  });
  t.equal(status, 2);
  t.match(stderr, /temporary folder/);
  t.notMatch(stderr, /^ +at /m);
});

threat('faults in ourselves', 'a HOME that cannot be written', 'no effect', (t) => {
  const { status, stderr } = spawnSync(process.execPath, quick, {
    encoding: 'utf8',
    env: { ...env, HOME: '/proc' },
  });
  t.equal(status, 0, stderr);
});

threat('faults in ourselves', 'no ssh and no nix on this machine', 'said, never called healthy', (t) => {
  if (!root) return;
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  const hide = ['ssh', 'nix', 'nix-build', 'nix-store', 'nix-instantiate', 'nix-daemon'].map(
    (name) => `[ ! -e /usr/bin/${name} ] || mount --bind ${empty} /usr/bin/${name}`,
  );
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [
      '-m',
      'sh',
      '-c',
      `${hide.join('\n')}\nexec ${process.execPath} dist/cli.js check --builders ssh://127.0.0.1 --timeout 5s`,
    ],
    { encoding: 'utf8', env },
  );
  t.ok(status === 1 || status === 3, `${status}: ${stderr}`);
  t.match(stdout + stderr, /no nix (was )?found/i);
  t.notMatch(stdout, /^HEALTHY/);
  t.notMatch(stderr, /^ +at /m);
});

threat('faults in ourselves', 'a scenario folder that cannot be read', 'exit 2', (t) => {
  const locked = join(folder, 'locked');
  writeFileSync(locked, 'x');
  chmodSync(locked, 0o000);
  const { status } = spawnSync(
    process.execPath,
    ['dist/cli.js', 'check', '--builders', 'ssh://h.invalid', '-s', root ? '/no/such' : locked],
    { env },
  );
  t.equal(status, 2);
});

threat(
  'faults in ourselves',
  'an output in a folder that is not there',
  'exit 2, after the run, with the name of the file',
  (t) => {
    const { status, stderr } = spawnSync(process.execPath, [...quick, '-f', 'json=/no/such/report.json'], {
      encoding: 'utf8',
      env,
    });
    t.equal(status, 2);
    t.match(stderr, '/no/such/report.json');
  },
);
