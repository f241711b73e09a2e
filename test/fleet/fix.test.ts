import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFleet } from './with-fleet.ts';

withFleet('fix: the plan changes nothing; --apply does what is safe, and looks again', async (t, fleet) => {
  const client = await fleet.client();
  const alpha = await fleet.builder({ name: 'alpha', nix: '2.34' });
  const beta = await fleet.builder({ name: 'beta', nix: '2.34' });
  await client.host.sh('cp /root/.ssh/id_ed25519 /root/open-key; chmod 644 /root/open-key');
  const entry = alpha.line().replace(' - 4 1', ' /root/open-key 4 1');
  t.match(entry, '/root/open-key');
  // Two faults, one behind the other: a key that is open, and a system that the builder does not have.
  client.machines(entry.replace('x86_64-linux', 'x86_64-linux,riscv64-linux'), beta.line());
  await beta.host.stopSshd();
  const text = client.host.read('/etc/nix/machines');

  const plan = await client.doctor(['fix']);
  t.equal(plan.exitCode, 1);
  t.match(plan.stdout, /key-too-open\n {3}on this machine \(safe\)\n {8}\$ chmod 600 \/root\/open-key/);
  t.match(plan.stdout, /connection-refused/);
  t.match(plan.stdout, /1 safe step, on this machine: fix --apply does it\./);
  t.equal(client.host.read('/etc/nix/machines'), text);
  t.equal((await client.host.sh('stat -c %a /root/open-key')).stdout.trim(), '644', 'a plan changes nothing');

  const nobody = await client.doctor(['fix', '--apply']);
  t.equal(nobody.exitCode, 2, 'without a terminal nobody can confirm');
  t.match(nobody.stderr, /--yes/);
  t.equal((await client.host.sh('stat -c %a /root/open-key')).stdout.trim(), '644');

  const applied = await client.doctor(['fix', '--apply', '--yes']);
  t.equal(applied.exitCode, 1, 'beta wants a hand of its own');
  t.equal((await client.host.sh('stat -c %a /root/open-key')).stdout.trim(), '600');
  t.match(
    applied.stdout,
    /changed +alpha builder-systems: system-not-supported/,
    'what comes to light is told',
  );
  t.notMatch(client.host.read('/etc/nix/machines'), /riscv64/, 'and corrected, too');
  const copies = await client.host.sh('cat /etc/nix/machines.backup-*');
  t.equal(copies.stdout, text, 'the file as it was is beside it');
  t.match(applied.stdout, /DEGRADED: 1 of 2 builders healthy\n$/);
  t.match((await client.check(['-i', 'alpha'])).report.summary.verdict, 'healthy');
});

withFleet('fix: --apply leaves a directory alone that the key column names', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder();
  await client.host.sh('mkdir -m 755 /root/keys; mv /root/.ssh/id_ed25519* /root/keys');
  client.machines(builder.line('ssh-ng', 'x86_64-linux /root/keys 4'));
  const applied = await client.doctor(['fix', '--apply', '--yes']);
  t.equal(applied.exitCode, 1);
  t.match(applied.stdout, /key-is-directory/);
  t.equal((await client.host.sh('stat -c %a /root/keys')).stdout.trim(), '755');
});

withFleet('watch: what changes is told, a new machines file is seen at once', async (t, fleet) => {
  const client = await fleet.client();
  const alpha = await fleet.builder({ name: 'alpha', nix: '2.34' });
  const beta = await fleet.builder({ name: 'beta', nix: '2.34' });
  client.machines(alpha.line());
  const words = client.doctorWords(['watch', '--every', '2s', '--stage', 'network']);
  const child = spawn('nsenter', [...client.host.enter(), ...words], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const until = async (pattern: RegExp): Promise<void> => {
    const end = performance.now() + 30_000;
    while (!pattern.test(said) && performance.now() < end) await sleep(100);
    t.match(said, pattern);
    said = '';
  };
  await until(/HEALTHY: 1 of 1 builder healthy/);
  await alpha.host.stopSshd();
  await until(/since the run before:\nbroke {3}alpha tcp: connection-refused/);
  await alpha.host.startSshd();
  await until(/healed {2}alpha tcp: was connection-refused/);
  client.machines(alpha.line(), beta.line());
  await until(/new {5}beta: is new, and healthy/);
  await client.host.sh("kill -INT $(pgrep -f '^/run/node .*watch')");
  await new Promise((resolve) => child.once('close', resolve));
  t.equal((await client.host.sh('ls /tmp | grep -c nrbd- || true')).stdout.trim(), '0');
});
