import type { Report } from '../../src/generated/types.ts';
import type { Client } from './index.ts';
import { nixosSwitch } from './profiles/nixos/switch.ts';
import { withFleet } from './with-fleet.ts';

/** Starts the client's daemon again, with words before it that shape its environment and its namespaces. */
async function restartDaemon(client: Client, words: string): Promise<void> {
  await client.host.stopDaemon();
  await client.host.sh(
    `cd /; setsid ${words} /usr/bin/nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 &`,
  );
  const { exitCode } = await client.host.sh(
    'for i in $(seq 100); do [ -S /nix/var/nix/daemon-socket/socket ] && exit 0; sleep 0.1; done; exit 1',
  );
  if (exitCode !== 0) throw new Error(`the daemon does not start: ${client.host.read('/tmp/daemon.log')}`);
}

/** A real build through the daemon that no other machine can make. */
async function realBuild(client: Client): Promise<boolean> {
  const expression =
    'derivation { name = "real-" + builtins.getEnv "N"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }';
  const { exitCode } = await client.host.run(['nix-build', '--no-out-link', '-j0', '-E', expression], {
    env: { NIX_REMOTE: 'daemon', N: String(Math.random()).slice(2) },
    timeoutMs: 60_000,
  });
  return exitCode === 0;
}

function messages({ clientChecks, builders }: Report): string {
  return [...clientChecks, ...builders.flatMap(({ checks }) => checks)]
    .filter(({ outcome }) => ['fail', 'error', 'warn'].includes(outcome))
    .map(({ scenario, cause, message }) => `${scenario} ${cause ?? ''}: ${message}`)
    .join('\n');
}

const versions = ['2.8', '2.26', '2.34'] as const;
for (const nix of versions) {
  withFleet(`the decisive build goes through the daemon, Nix ${nix}`, async (t, fleet) => {
    const [client, builder] = await Promise.all([fleet.client({ nix }), fleet.builder()]);
    client.machines(builder.line());
    t.equal(await realBuild(client), true);
    const { report } = await client.check();
    t.equal(report.summary.verdict, 'healthy', messages(report));
    const left = await client.host.sh('ls /nix/store | grep doctor-');
    t.equal(left.stdout, '', 'nothing is left in the store');
    // What only the daemon lacks shows: its hook finds no ssh.
    await restartDaemon(client, 'env -i PATH=/nowhere');
    t.equal(await realBuild(client), false);
    t.equal((await client.check()).report.summary.verdict, 'unhealthy');
  });
}

withFleet("an agent in the daemon's own environment opens the builder", async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client(), fleet.builder()]);
  client.machines(builder.line());
  await client.host.sh(
    'ssh-agent -a /root/agent >/dev/null; SSH_AUTH_SOCK=/root/agent ssh-add -q /root/.ssh/id_ed25519',
  );
  await client.host.sh('rm /root/.ssh/id_ed25519 /root/.ssh/id_ed25519.pub');
  await restartDaemon(client, 'env SSH_AUTH_SOCK=/root/agent');
  t.equal(await realBuild(client), true);
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', messages(report));
  await restartDaemon(client, 'env -u SSH_AUTH_SOCK');
  t.equal(await realBuild(client), false);
  const without = await client.check([], { env: { SSH_AUTH_SOCK: '/root/agent' } });
  t.equal(without.report.builders[0]?.rootCause?.cause, 'no-key', "an agent of the caller's does not help");
});

withFleet('a file system of its own hides the key of root from the daemon', async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client(), fleet.builder()]);
  client.machines(builder.line());
  // As ProtectHome=tmpfs does. The known hosts stay.
  await client.host.sh('cp /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts');
  await restartDaemon(client, 'unshare -m sh -c \'mount -t tmpfs tmpfs /root; exec "$@"\' sh');
  t.equal(await realBuild(client), false);
  const { report } = await client.check();
  t.equal(report.builders[0]?.rootCause?.scenario, 'connection', messages(report));
});

withFleet('the daemon has a temporary folder of its own', async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client(), fleet.builder()]);
  client.machines(builder.line());
  await restartDaemon(client, 'unshare -m sh -c \'mount -t tmpfs tmpfs /tmp; exec "$@"\' sh');
  t.equal(await realBuild(client), true);
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', messages(report));
});

withFleet('forwards of every login do not get in the way of Nix', async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client(), fleet.builder()]);
  client.machines(builder.line());
  client.host.write(
    '/root/.ssh/config',
    'ExitOnForwardFailure yes\nLocalForward 127.0.0.1:18123 localhost:22\n',
  );
  t.equal(await realBuild(client), true);
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', messages(report));
});

withFleet('host names compare without case', async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client(), fleet.builder({ trusted: false })]);
  client.host.write('/etc/hosts', `127.0.0.1 localhost\n${builder.host.address} bigbox.example.lan\n`);
  client.machines(`ssh-ng://root@BigBox.Example.Lan x86_64-linux - 4 1 - - ${builder.publicHostKey}`);
  t.equal(await realBuild(client), true);
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', messages(report));
});

/** Adds lines to the unit of the client's daemon. The socket starts the daemon when something connects. */
async function changeUnit(client: Client, ...lines: string[]): Promise<void> {
  if (client.host.profile.configure !== undefined) {
    const { exitCode, stderr } = await nixosSwitch(client.host, lines.map(unitOption).join('\n'));
    if (exitCode !== 0) throw new Error(stderr);
    return;
  }
  const text = ['[Service]', ...lines].join('\\n');
  const { exitCode, stderr } = await client.host.sh(
    `mkdir -p /etc/systemd/system/nix-daemon.service.d && printf '${text}\\n' > /etc/systemd/system/nix-daemon.service.d/test.conf && systemctl daemon-reload && systemctl stop nix-daemon.service && systemctl start nix-daemon.socket`,
  );
  if (exitCode !== 0) throw new Error(stderr);
}

/** What stands in a NixOS configuration for a line of the unit. */
function unitOption(line: string): string {
  const [, variable, value = ''] = /^Environment="?(\w+)=(.*?)"?$/.exec(line) ?? [];
  if (variable !== undefined)
    return `systemd.services.nix-daemon.environment.${variable} = ${JSON.stringify(value)};`;
  const [name = '', words = ''] = line.split('=');
  return `systemd.services.nix-daemon.serviceConfig.${name} = ${words === 'yes' ? 'true' : JSON.stringify(words)};`;
}

/** A set-up of the daemon's unit: healthy, or what is named, with a fix that heals when it is typed. */
const units: {
  title: string;
  lines: string[];
  cause?: string;
  prepare?: string;
  env?: Record<string, string>;
  /** Also by the option of NixOS. */
  nixos?: boolean;
}[] = [
  { title: 'untouched, not started yet', lines: [] },
  { title: 'PrivateTmp', lines: ['PrivateTmp=yes'] },
  {
    title: 'an agent in its environment',
    nixos: true,
    lines: ['Environment=SSH_AUTH_SOCK=/run/agent'],
    prepare:
      'ssh-agent -a /run/agent >/dev/null; SSH_AUTH_SOCK=/run/agent ssh-add -q /root/.ssh/id_ed25519; rm /root/.ssh/id_ed25519*',
  },
  {
    title: 'NIX_SSHOPTS in its environment',
    lines: ['Environment="NIX_SSHOPTS=-i /root/other"'],
    prepare: 'mv /root/.ssh/id_ed25519 /root/other; rm /root/.ssh/id_ed25519.pub',
  },
  { title: 'ProtectHome', nixos: true, lines: ['ProtectHome=yes'], cause: 'daemon-cannot-see-files' },
  { title: 'InaccessiblePaths', lines: ['InaccessiblePaths=/root/.ssh'], cause: 'daemon-cannot-see-files' },
  {
    title: 'a home of tmpfs, the host key known to all',
    lines: ['ProtectHome=tmpfs'],
    prepare: 'cp /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts',
    cause: 'daemon-cannot-see-files',
  },
  {
    title: 'PrivateNetwork',
    nixos: true,
    lines: ['PrivateNetwork=yes'],
    cause: 'daemon-without-network',
  },
];

for (const profile of ['debian-12', 'debian-sid', 'nixos'] as const) {
  for (const { title, lines, cause, prepare = 'true', nixos = false } of units) {
    if (profile === 'nixos' && !nixos) continue;
    withFleet(`${profile}, the unit of the daemon: ${title}`, async (t, fleet) => {
      const [client, builder] = await Promise.all([fleet.client({ profile }), fleet.builder()]);
      client.machines(builder.line());
      await client.host.sh(prepare);
      await changeUnit(client, ...lines);
      const { report } = await client.check();
      const root = report.builders[0]?.rootCause ?? null;
      t.equal(root?.cause, cause, messages(report));
      t.equal(await realBuild(client), cause === undefined, 'a real build through the daemon');
      if (root === null) return;
      for (const { run, module } of root.fix) {
        t.equal(module !== undefined, profile === 'nixos', 'an option where a module system owns the unit');
        const ran = module === undefined ? client.host.sh(run ?? 'false') : nixosSwitch(client.host, module);
        const { exitCode, stderr } = await ran;
        t.equal(exitCode, 0, `fix: ${module ?? run}: ${stderr}`);
      }
      t.equal((await client.check()).report.summary.verdict, 'healthy');
      t.equal(await realBuild(client), true, 'after the fix');
    });
  }
}
