import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../src/generated/types.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import { badServers as all } from './servers.ts';
import { threat } from './threat.ts';

/** A run of them all must end within this; each check has its own, shorter timeout. */
const mostSeconds = 100;
const mostMemoryMb = 400;

for (const floods of [false, true]) {
  const badServers = all.filter((one) => one.floods === floods);
  const together = floods ? 'those that flood' : 'those that are only strange';

  withFleet(`servers that no real one resembles, ${together}, beside a healthy builder`, async (t, fleet) => {
    const client = await fleet.client();
    const healthy = await fleet.builder({ name: 'healthy', nix: '2.34' });
    const folder = mkdtempSync(join(tmpdir(), 'nrbd-keys-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const makeKey = (name: string): string => {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
      return readFileSync(join(folder, name), 'utf8');
    };
    const keys = { known: makeKey('known'), other: makeKey('other') };
    const knownKey = readFileSync(join(folder, 'known.pub'), 'utf8').trim();

    let config = '';
    let known = client.knownHosts();
    for (const { name, listen } of badServers) {
      const { port, close } = await listen(keys);
      t.teardown(close);
      config += `Host bad-${name}\n  HostName 127.0.0.1\n  Port ${port}\n  HostKeyAlias bad-${name}\n`;
      known += `bad-${name} ${knownKey}\n`;
    }
    client.host.write('/root/.ssh/config', config);
    client.host.write('/root/.ssh/known_hosts', known);
    client.machines(
      ...badServers.map(
        ({ name }, index) => `${index % 2 === 0 ? 'ssh-ng' : 'ssh'}://root@bad-${name} x86_64-linux - 2`,
      ),
      healthy.line(),
    );
    client.host.write(
      '/tmp/memory.cjs',
      "process.on('exit', () => require('node:fs').writeFileSync('/tmp/memory', String(process.resourceUsage().maxRSS / 1024)));",
    );
    const [node = '', ...words] = client.doctorWords([
      'check',
      '-j',
      '8',
      '--timeout',
      '8s',
      '-f',
      'json=/tmp/report.json',
      '-f',
      'table',
    ]);
    const started = performance.now();
    const ran = await client.host.run([node, '-r', '/tmp/memory.cjs', ...words], { timeoutMs: 300_000 });
    const seconds = (performance.now() - started) / 1000;
    const report = JSON.parse(client.host.read('/tmp/report.json')) as Report;
    t.comment(`${seconds.toFixed(0)} s, ${Math.round(Number(client.host.read('/tmp/memory')))} MB`);

    for (const [index, { name, what, expected }] of badServers.entries()) {
      await threat(
        'bad servers',
        what,
        'not healthy, the right place named',
        (t) => {
          const builder = report.builders[index];
          t.equal(builder?.host, `bad-${name}`);
          t.equal(builder?.verdict, 'unhealthy');
          const { rootCause } = builder ?? {};
          t.match(
            rootCause?.scenario,
            expected,
            `${rootCause?.cause ?? 'no cause'}: ${rootCause?.message ?? ''}`,
          );
          t.comment(
            `${name}: ${rootCause?.scenario ?? ''} ${rootCause?.cause ?? ''}: ${rootCause?.message.slice(0, 120) ?? ''}`,
          );
        },
        t,
      );
    }
    await threat(
      'bad servers',
      `${together}, all at once`,
      'the builder beside them is healthy',
      (t) => {
        const builder = report.builders.at(-1);
        t.equal(builder?.host, 'healthy');
        t.equal(builder?.verdict, 'healthy', JSON.stringify(builder?.rootCause));
      },
      t,
    );
    await threat(
      'bad servers',
      `${together}, all at once`,
      `ends within ${mostSeconds} s, in ${mostMemoryMb} MB`,
      (t) => {
        t.equal(ran.exitCode, 1, ran.stderr.slice(-500));
        t.ok(seconds < mostSeconds, `${seconds.toFixed(0)} s`);
        t.ok(Number(client.host.read('/tmp/memory')) < mostMemoryMb);
      },
      t,
    );
    await threat(
      'trust',
      'a host key that is wrong or unknown',
      'known_hosts is as it was',
      (t) => {
        t.equal(client.knownHosts(), known);
      },
      t,
    );
    await threat(
      'injection',
      'terminal sequences from a server',
      'none in the table',
      (t) => {
        t.notMatch(ran.stdout, /\x1b/);
      },
      t,
    );
    await threat(
      'faults in ourselves',
      `${together}, all at once`,
      'no process and no file is left',
      async (t) => {
        const { stdout } = await client.host.sh(
          "ls /tmp | grep nrbd-; pgrep -af 'ssh |nix' | grep -vE 'pgrep|nix-daemon --daemon|grep'; true",
        );
        t.equal(stdout.trim(), '');
      },
      t,
    );
  });
}
