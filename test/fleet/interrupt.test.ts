import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../src/generated/types.ts';
import type { Host } from './host.ts';
import { withFleet } from './with-fleet.ts';

/** Processes of the doctor or of what it started, and what lies in /tmp. */
async function traces(host: Host): Promise<string> {
  const { stdout } = await host.sh(
    "ls /tmp | grep -vE '^(init.sh|started|.*\\.log)$'; pgrep -af 'node|ssh |nix-(build|store|instantiate)|stdio' | grep -v pgrep; ls /nix/store | grep doctor",
  );
  return stdout;
}

withFleet('Ctrl-C at any moment leaves nothing on client and builder', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder({ nix: '2.34' });
  client.machines(builder.line());
  for (const afterMs of [250, 600, 900, 1300, 2000]) {
    const words = [...client.host.enter(), ...client.doctorWords(['check', '-f', 'json=/root/report.json'])];
    const child = spawn('nsenter', words, {
      env: { PATH: '/usr/bin:/bin:/usr/sbin', HOME: '/root' },
      stdio: 'ignore',
    });
    const closed = once(child, 'close');
    await sleep(afterMs);
    await client.host.sh("pkill -INT -f 'dist/cli.js check'");
    const [code] = (await closed) as [number | null];
    // Null: it had not begun.
    t.ok([130, 0, null].includes(code), `after ${afterMs} ms: ${code}`);
    if (code === 130) {
      const report = JSON.parse(client.host.read('/root/report.json')) as Report;
      t.equal(report.interrupted, true);
      t.equal(report.summary.checks.fail, 0, 'what was cut off is not called broken');
    }
    let left = '';
    for (let tries = 0; tries < 30; tries += 1) {
      left = (await traces(client.host)) + (await traces(builder.host));
      if (left === '') break;
      await sleep(100);
    }
    t.equal(left, '', `after ${afterMs} ms nothing is left`);
  }
});
