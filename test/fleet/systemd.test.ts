import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginShell } from './profile.ts';
import { debian12 } from './profiles/debian-12.ts';
import { withFleet } from './with-fleet.ts';

/** Control groups of test hosts with those addresses. */
function groupsOf(address: string): string {
  const look = 'mount -t cgroup2 cgroup2 /mnt && ls -d /mnt/nrbd-"$0"';
  try {
    return execFileSync('unshare', ['-m', 'sh', '-c', look, address], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
}

for (const profile of ['debian-12', 'debian-sid'] as const) {
  withFleet(`${profile}: systemd runs for real, and its services stop and start`, async (t, fleet) => {
    const [client, builder] = await Promise.all([
      fleet.client({ profile }),
      fleet.builder({ profile, user: { name: 'nix', trusted: true } }),
    ]);
    const { host } = builder;
    t.equal((await host.sh('cat /proc/1/comm')).stdout, 'systemd\n');
    t.equal((await host.sh('systemctl is-system-running')).stdout, 'running\n');
    for (const program of ['sudo', 'systemctl', 'journalctl', 'usermod'])
      t.match((await host.sh(`command -v ${program}`)).stdout, /^\/usr\/s?bin\//, program);
    const login = async (): Promise<number> =>
      (await client.host.run(['ssh', `nix@${builder.name}`, 'nix-store --version'])).exitCode;
    t.equal(await login(), 0);
    t.match(await host.sshdLog(), /Accepted publickey for nix/, 'in the journal');
    await host.stopSshd();
    t.equal(await login(), 255, 'sshd is stopped');
    await host.startSshd();
    t.equal(await login(), 0, 'sshd is back');
    await host.stopDaemon();
    const daemon = 'NIX_REMOTE=daemon nix-store --add /etc/hostname';
    t.not((await host.sh(daemon)).exitCode, 0, 'nix-daemon is stopped');
    await host.startDaemon();
    t.equal((await host.sh(daemon)).exitCode, 0, 'nix-daemon is back');
    t.equal((await host.sh('usermod -s /bin/dash nix && sed -i s/^PATH/PATH/ /etc/login.defs')).exitCode, 0);
    t.match(host.read('/etc/passwd'), /^nix:.*:\/bin\/dash$/m);
    client.machines(builder.line('ssh'), builder.line('ssh-ng'));
    const { report } = await client.check();
    t.equal(report.summary.verdict, 'healthy', JSON.stringify(report.builders.map((one) => one.rootCause)));
  });
}

withFleet('debian-12: each login shell logs in and builds', async (t, fleet) => {
  const client = await fleet.client({ profile: 'debian-12' });
  for (const [shell, path] of Object.entries(debian12.loginShells)) {
    const user = { name: 'nix', shell: shell as LoginShell, trusted: true };
    const builder = await fleet.builder({ profile: 'debian-12', user });
    const login = await client.host.run(['ssh', `nix@${builder.name}`, 'id -un']);
    t.equal(login.stdout, 'nix\n', login.stderr);
    t.match(builder.host.read('/etc/passwd'), new RegExp(`^nix:.*:${path}$`, 'm'));
    client.machines(builder.line('ssh-ng'));
    const { report } = await client.check();
    t.equal(report.summary.verdict, 'healthy', `${shell}: ${JSON.stringify(report.builders[0]?.rootCause)}`);
    await builder.host.stop();
  }
});

withFleet('a systemd host leaves nothing, also when its test process is killed', async (t, fleet) => {
  const { host } = await fleet.builder({ profile: 'debian-12' });
  t.not(groupsOf(host.address), '');
  await fleet.close();
  t.equal(groupsOf(host.address), '');
  const program = `
    import { startFleet } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
    const { host } = await startFleet().builder({ profile: 'debian-12' });
    console.log(JSON.stringify([host.pid, host.address]));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const [pid, address] = JSON.parse(line) as [number, string];
  t.not(groupsOf(address), '');
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (let tries = 0; tries < 250 && (groupsOf(address) !== '' || existsSync(`/proc/${pid}`)); tries += 1)
    await sleep(40);
  t.equal(groupsOf(address), '', 'its control group is gone');
  t.notOk(existsSync(`/proc/${pid}`), 'its first process is gone');
});

withFleet('debian-12: sandbox on builds in it, on builder and client', async (t, fleet) => {
  const nixConf = { sandbox: 'true', 'sandbox-fallback': 'false' };
  const [client, builder] = await Promise.all([
    fleet.client({ profile: 'debian-12', nixConf }),
    fleet.builder({ profile: 'debian-12', nixConf }),
  ]);
  client.machines(builder.line('ssh'), builder.line('ssh-ng'));
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', JSON.stringify(report.builders.map((one) => one.rootCause)));
});
