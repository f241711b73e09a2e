/** `npm run demo [-- --report FILE]`: real builders on this machine, some of them broken, and what the doctor says of them. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Fleet, NoFleet, startFleet } from '../test/fleet/index.ts';

/** Breaks builders in ways that people meet, and says what the doctor must find. */
async function plant(fleet: Fleet): Promise<{ lines: string[]; broken: string[] }> {
  const say = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const alpha = await fleet.builder({ name: 'alpha', nix: '2.26' });
  say('alpha    Nix 2.26, over ssh: healthy');
  const beta = await fleet.builder({ name: 'beta', nix: '2.34' });
  say('beta     Nix 2.34, over ssh-ng: healthy');
  const gamma = await fleet.builder({ name: 'gamma' });
  await gamma.host.stopSshd();
  say('gamma    its SSH server is stopped');
  const delta = await fleet.builder({ name: 'delta', trusted: false });
  say('delta    its host key is not known to root');
  const epsilon = await fleet.builder({ name: 'epsilon', nix: '2.34' });
  await epsilon.host.sh('echo > /root/.ssh/authorized_keys');
  say("epsilon  root's key is not authorised there");
  const zeta = await fleet.builder({ name: 'zeta' });
  await zeta.host.sh('echo "echo Welcome to zeta!" > /root/.bashrc');
  say('zeta     a greeting in its .bashrc');
  return {
    lines: [
      alpha.line('ssh'),
      ...[beta, gamma, delta, epsilon, zeta].map((builder) => builder.line('ssh-ng')),
    ],
    broken: ['connection-refused', 'host-key-unknown', 'not-authorised', 'shell-noise'],
  };
}

async function main(): Promise<number> {
  process.stderr.write('Starting real builders in namespaces of this machine:\n');
  const fleet = startFleet();
  try {
    const client = await fleet.client({ name: 'client' });
    const { lines, broken } = await plant(fleet);
    client.machines(...lines);
    process.stderr.write('\nOn the client, as root: nix-remote-builder-doctor\n\n');
    const words = [
      ...client.host.enter(),
      ...client.doctorWords(['-f', 'table', '-f', 'json=/tmp/report.json']),
    ];
    const code = await new Promise<number | null>((resolve, reject) => {
      const child = spawn('nsenter', words, {
        stdio: 'inherit',
        env: {
          ...process.env,
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          USER: 'root',
        },
      });
      child.on('error', reject);
      child.on('close', resolve);
    });
    const report = client.host.read('/tmp/report.json');
    const { values } = parseArgs({ options: { report: { type: 'string' } } });
    if (values.report !== undefined) writeFileSync(values.report, report);
    const missed = broken.filter((cause) => !report.includes(`"cause": "${cause}"`));
    process.stdout.write(
      missed.length === 0 && code === 1
        ? '\nThat is what the demo planted: two healthy builders, and four that are broken in four ways.\n'
        : `\nThe demo planted ${missed.join(', ') || 'faults'} too, and the doctor did not find that (exit code ${code}).\n`,
    );
    return missed.length === 0 && code === 1 ? 0 : 1;
  } finally {
    await fleet.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof NoFleet)) throw error;
  process.stderr.write(`The demo cannot run here: ${error.message}\n`);
  process.exitCode = 2;
}
