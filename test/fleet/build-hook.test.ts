import { setTimeout as sleep } from 'node:timers/promises';
import { configure } from '../faults/configure.ts';
import type { Client } from './index.ts';
import { withFleet } from './with-fleet.ts';

/** Tiny builds, all asked for at once; the URIs that they went to. */
async function build(client: Client, count: number): Promise<string[]> {
  const expression = `builtins.genList (n: derivation { name = "hook-\${toString n}-${Math.random()}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }) ${count}`;
  const { exitCode, stderr } = await client.host.run(
    ['nix-build', '--no-out-link', '-j0', '--option', 'substitute', 'false', '-E', expression],
    // Nix 2.25 to 2.33 forget the setting that stands in nix.conf.
    { env: { NIX_REMOTE: 'daemon', NIX_CONFIG: 'build-hook = /etc/nix/build-hook' }, timeoutMs: 60_000 },
  );
  if (exitCode !== 0) throw new Error(stderr);
  return [...stderr.matchAll(/^building '.*' on '(.*)'/gm)].map(([, uri = '']) => uri);
}

/** As docs/running.md has it. */
async function install(client: Client): Promise<void> {
  const { exitCode, stdout, stderr } = await client.doctor(['build-hook', '--state', '/root/hook-state']);
  if (exitCode !== 0) throw new Error(stderr);
  client.host.write('/etc/nix/build-hook', stdout, 0o755);
  await configure(client.host, 'build-hook = /etc/nix/build-hook');
}

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(`a silent builder is left out, and used again when it answers: Nix ${nix}`, async (t, fleet) => {
    const client = await fleet.client({ nix });
    const [silent, healthy] = await Promise.all([
      fleet.builder({ name: `silent${nix.replace('.', '')}`, nix: '2.34' }),
      fleet.builder({ name: `healthy${nix.replace('.', '')}`, nix: '2.34' }),
    ]);
    const uri = `ssh://root@${silent.name}`;
    const other = `ssh://root@${healthy.name}`;
    client.host.write('/root/.ssh/config', 'ConnectTimeout 20\n');
    client.machines(silent.line('ssh', 'x86_64-linux - 8 4'), healthy.line('ssh', 'x86_64-linux - 8 1'));
    await install(client);
    t.same(await build(client, 1), [uri], 'the faster one takes it');

    // Its kernel accepts connections, and nothing ever answers.
    await silent.host.sh('pkill -STOP -x sshd');
    await client.host.sh('rm -rf /root/hook-state');
    const started = performance.now();
    t.same(
      await build(client, 6),
      Array.from({ length: 6 }, () => other),
      'none waits for it',
    );
    t.ok(performance.now() - started < 20_000, 'sooner than one try would have taken');

    await silent.host.sh('pkill -CONT -x sshd');
    const end = performance.now() + 20_000;
    let used: string[] = [];
    while (used[0] !== uri && performance.now() < end) {
      used = await build(client, 1);
      await sleep(200);
    }
    t.same(used, [uri], 'it is used again');

    for (const spoil of [
      'rm -rf /root/hook-state; echo > /root/hook-state',
      'rm -rf /root/hook-state; mkdir /root/hook-state; chown 1 /root/hook-state',
      'rm -rf /root/hook-state; ln -s /tmp /root/hook-state',
      'rm -rf /root/hook-state; sed -i "s/^hook=\\(.*\\) node=.* script=/hook=\\1 node=\'\' script=/" /etc/nix/build-hook',
    ]) {
      await client.host.sh(spoil);
      t.same(await build(client, 1), [uri], `Nix's own hook does it after ${spoil}`);
    }
  });
}
