import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Report } from '../../src/generated/types.ts';
import { processesWith, soon } from '../connection/sshd.ts';

interface Interrupted {
  code: number | null;
  report: Report | null;
  err: string;
}

/** Starts a check that sleeps for a minute, and sends it signals once it does. */
async function interrupted(
  t: Test,
  marker: string,
  signals: readonly NodeJS.Signals[],
): Promise<Interrupted> {
  const folder = t.testdir({
    'a-fast.yaml': "title: Fast\ntarget: client\ncommand: 'true'\nexpect: {exitCode: 0}\n",
    'b-slow.yaml': `title: Slow\ntarget: client\nneeds: [a-fast]\ntimeout: 2m\ncommand: trap '' TERM; sleep ${marker} & sleep ${marker}; sleep ${marker}\nexpect: {exitCode: 0}\n`,
    tmp: {},
  });
  const report = join(folder, 'report.json');
  writeFileSync(join(folder, 'machines'), 'ssh://alpha x86_64-linux\n');
  const words = ['dist/cli.js', 'check', '-m', join(folder, 'machines'), '--no-default-specs'];
  const child = spawn(
    process.execPath,
    [
      ...words,
      ...['-s', join(folder, 'a-fast.yaml'), '-s', join(folder, 'b-slow.yaml'), '-f', `json=${report}`],
    ],
    { env: { ...process.env, TMPDIR: join(folder, 'tmp') }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  t.ok(await soon(() => processesWith(marker).length > 0, 20_000), 'it sleeps');
  for (const signal of signals) child.kill(signal);
  const [code] = (await once(child, 'close')) as [number | null];
  t.ok(await soon(() => processesWith(marker).length === 0), 'nothing that it started goes on');
  t.same(readdirSync(join(folder, 'tmp')), [], 'no temporary file is left');
  let text: string | null = null;
  try {
    text = readFileSync(report, 'utf8');
  } catch {
    // None was written.
  }
  return { code, report: text === null ? null : (JSON.parse(text) as Report), err };
}

for (const [signal, wanted] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  t.test(`${signal} ends what runs, and what is known by then is written`, async (t) => {
    const { code, report, err } = await interrupted(t, wanted === 130 ? '61.803398' : '61.803399', [signal]);
    t.equal(code, wanted);
    t.match(err, /interrupted/);
    t.equal(report?.interrupted, true);
    const outcomes = report?.builders[0]?.checks.map(({ scenario, outcome }) => `${scenario} ${outcome}`);
    t.same(outcomes, ['a-fast pass', 'b-slow error']);
    t.equal(report?.summary.verdict, 'unhealthy', 'what was not seen is not healthy');
  });
}
