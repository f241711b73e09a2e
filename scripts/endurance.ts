/**
 * `npm run endurance [-- --intervals 200]`: `serve` with an interval of a second while builders go down and up. After each
 * change the metrics must say so; at the end memory and open files must be level. Exit 1 otherwise.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFleet } from '../test/fleet/index.ts';

const { values } = parseArgs({ options: { intervals: { type: 'string', default: '200' } } });
const intervals = Number(values.intervals);

const fleet = startFleet();
const problems: string[] = [];
try {
  const client = await fleet.client();
  const builders = [];
  for (const name of ['alpha', 'beta', 'gamma']) builders.push(await fleet.builder({ name, nix: '2.34' }));
  client.machines(...builders.map((builder) => builder.line()));
  const words = client.doctorWords(['serve', '--listen', '127.0.0.1:0', '--interval', '1s', '--read-only']);
  const child = spawn('nsenter', [...client.host.enter(), ...words], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  while (!said.includes('listening on')) await sleep(100);
  const base = /listening on (http:[^\s,]+)\/,/.exec(said)?.[1] ?? '';
  const metrics = async (): Promise<string> => (await fetch(`${base}/metrics`)).text();
  const runs = (text: string): number =>
    Number(/^nix_remote_builders_doctor_runs_total (\d+)/m.exec(text)?.[1] ?? 0);
  const { stdout } = await client.host.sh("pgrep -f '^/run/node .*serve'");
  const pid = stdout.trim();
  const look = async (): Promise<{ mb: number; files: number }> => {
    const seen = await client.host.sh(
      `awk '/VmRSS/ {print $2}' /proc/${pid}/status; ls /proc/${pid}/fd | wc -l`,
    );
    const [kb = 0, files = 0] = seen.stdout.trim().split('\n').map(Number);
    return { mb: Math.round(kb / 1024), files };
  };

  const down = new Set<string>();
  const samples: { runs: number; mb: number; files: number }[] = [];
  let checked = 0;
  for (let seen = 0; seen < intervals;) {
    const builder = builders[Math.floor(Math.random() * builders.length)];
    if (builder === undefined) continue;
    if (down.delete(builder.name)) await builder.host.startSshd();
    else {
      down.add(builder.name);
      await builder.host.stopSshd();
    }
    // The run that goes on may have looked before; the one after the next has not.
    const before = runs(await metrics());
    let text = '';
    do {
      await sleep(200);
      text = await metrics();
    } while (runs(text) < before + 2);
    seen = runs(text);
    checked += 1;
    for (const { name } of builders) {
      const up = down.has(name) ? 0 : 1;
      if (!text.includes(`nix_remote_builder_up{builder="${name}"} ${up}\n`))
        problems.push(`run ${seen}: ${name} should be ${up}`);
    }
    const { status } = await fetch(`${base}/healthz`);
    if (status !== (down.size === 0 ? 200 : 503)) problems.push(`run ${seen}: /healthz says ${status}`);
    samples.push({ runs: seen, ...(await look()) });
  }
  const [early, late] = [samples[Math.floor(samples.length / 4)], samples.at(-1)];
  if (
    early !== undefined &&
    late !== undefined &&
    (late.mb > early.mb * 1.3 + 20 || late.files > early.files + 10)
  )
    problems.push(`not level: ${JSON.stringify(early)}, ${JSON.stringify(late)}`);
  await client.host.sh(`kill -TERM ${pid}`);
  const { stdout: left } = await client.host.sh('sleep 1; ls /tmp | grep nrbd-; pgrep -a ssh; true');
  if (left.trim() !== '') problems.push(`left: ${left}`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(
    `${late?.runs ?? 0} runs, ${checked} changes looked at, ${problems.length} problems; ${early?.mb ?? 0} MB and ${early?.files ?? 0} files after a quarter, ${late?.mb ?? 0} MB and ${late?.files ?? 0} files at the end\n`,
  );
} finally {
  await fleet.close();
}
process.exitCode = problems.length === 0 ? 0 : 1;
