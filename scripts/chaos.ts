/**
 * `npm run chaos [-- --minutes 5 --builders 100]`: a hundred real builders; every round some are broken at random, all
 * are checked, and those that were broken before are corrected. Nothing may crash, nothing may be left, and every builder
 * that was not touched must be healthy in every round.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Report } from '../src/generated/types.ts';
import { type Builder, startFleet } from '../test/fleet/index.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, builders: { type: 'string', default: '100' } },
});

interface Harm {
  name: string;
  breaks: (builder: Builder) => Promise<unknown>;
  corrects: (builder: Builder) => Promise<unknown>;
}

const harms: Harm[] = [
  { name: 'sshd stopped', breaks: ({ host }) => host.stopSshd(), corrects: ({ host }) => host.startSshd() },
  {
    name: 'key no longer authorised',
    breaks: ({ host }) => host.sh('mv /root/.ssh/authorized_keys /root/.ssh/away'),
    corrects: ({ host }) => host.sh('mv /root/.ssh/away /root/.ssh/authorized_keys'),
  },
  {
    name: 'a greeting in .bashrc',
    breaks: ({ host }) => host.sh('echo "echo Welcome" > /root/.bashrc'),
    corrects: ({ host }) => host.sh('rm /root/.bashrc'),
  },
  {
    name: 'a login that hangs',
    breaks: ({ host }) => host.sh('echo "sleep 1000" > /root/.bashrc'),
    corrects: ({ host }) => host.sh('rm /root/.bashrc; pkill -f "sleep 1000"; true'),
  },
];

const fleet = startFleet();
const problems: string[] = [];
try {
  const client = await fleet.client();
  const builders: Builder[] = [];
  for (let index = 0; index < Number(values.builders); index += 1)
    builders.push(await fleet.builder({ name: `c${index}`, nix: '2.34' }));
  client.machines(...builders.map((builder) => builder.line()));
  client.host.write(
    '/tmp/watch.cjs',
    "process.on('exit', () => require('node:fs').writeFileSync('/tmp/watched', JSON.stringify([Math.round(process.resourceUsage().maxRSS / 1024), require('node:fs').readdirSync('/proc/self/fd').length])));",
  );
  const processes = (): number => readFileSync('/proc/loadavg', 'utf8').split(/[ /]/).map(Number)[4] ?? 0;
  const end = performance.now() + Number(values.minutes) * 60_000;
  const before = processes();
  let rounds = 0;
  for (; performance.now() < end; rounds += 1) {
    const touched = new Map<string, { builder: Builder; harm: Harm }>();
    for (let index = 0; index < 8; index += 1) {
      const builder = builders[Math.floor(Math.random() * builders.length)];
      const harm = harms[Math.floor(Math.random() * harms.length)];
      if (builder === undefined || harm === undefined || touched.has(builder.name)) continue;
      touched.set(builder.name, { builder, harm });
      await harm.breaks(builder);
    }
    const [node = '', ...words] = client.doctorWords([
      'check',
      '-t',
      'handshake',
      '-t',
      'shell',
      '--timeout',
      '10s',
      '-f',
      'json=/tmp/chaos.json',
    ]);
    const ran = await client.host.run([node, '-r', '/tmp/watch.cjs', ...words], { timeoutMs: 300_000 });
    const report = JSON.parse(client.host.read('/tmp/chaos.json')) as Report;
    const [rss, files] = JSON.parse(client.host.read('/tmp/watched')) as [number, number];
    if (ran.exitCode !== 1) problems.push(`round ${rounds}: exit ${ran.exitCode}: ${ran.stderr.slice(-300)}`);
    for (const { host, verdict, rootCause } of report.builders) {
      const harm = touched.get(host)?.harm;
      if ((harm === undefined) !== (verdict === 'healthy'))
        problems.push(
          `round ${rounds}: ${host} (${harm?.name ?? 'not touched'}) is ${verdict}: ${rootCause?.message ?? ''}`,
        );
    }
    for (const { builder, harm } of touched.values()) await harm.corrects(builder);
    const { stdout: left } = await client.host.sh('ls /tmp | grep nrbd-; pgrep -a ssh; true');
    if (left.trim() !== '') problems.push(`round ${rounds}: left: ${left}`);
    process.stdout.write(
      `round ${rounds}: ${touched.size} broken, ${report.summary.builders.healthy} healthy, ${(report.durationMs / 1000).toFixed(1)} s, ${rss} MB, ${files} files, ${processes()} processes\n`,
    );
  }
  const after = processes();
  if (after > before + 20) problems.push(`${before} processes before, ${after} after`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(
    `${rounds} rounds, ${builders.length} builders, ${problems.length} problems; ${before} processes before, ${after} after\n`,
  );
} finally {
  await fleet.close();
}
process.exitCode = problems.length === 0 ? 0 : 1;
