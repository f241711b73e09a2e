import type { Test } from 'tap';
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
    `mkdir -p /etc/systemd/system/nix-daemon.service.d && printf '${text}\\n' > /etc/systemd/system/nix-daemon.service.d/test.conf && systemctl daemon-reload && systemctl stop nix-daemon.socket nix-daemon.service && { systemctl reset-failed nix-daemon.socket nix-daemon.service; systemctl start nix-daemon.socket; }`,
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
interface Unit {
  title: string;
  lines: readonly string[];
  cause?: string;
  prepare?: string;
  /** Of the caller, who is root in a shell. */
  env?: Record<string, string>;
  /** Also by the option of NixOS. */
  nixos?: boolean;
  /** Of the profiles with systemd; default: each. */
  only?: 'debian-sid';
}

const agent =
  'ssh-agent -a /run/agent >/dev/null; SSH_AUTH_SOCK=/run/agent ssh-add -q /root/.ssh/id_ed25519; rm /root/.ssh/id_ed25519*';
const otherKey = 'mv /root/.ssh/id_ed25519 /root/other; rm /root/.ssh/id_ed25519.pub';

/** It reaches the builder by another login there. ssh begins a ProxyCommand with `exec`. */
const needsHome = `cat > /root/.ssh/config <<'END'
Host *
  ProxyCommand sh -c '[ -n "$HOME" ] && exec ssh -F /dev/null -W %h:%p root@%h'
END`;

const units: readonly Unit[] = [
  { title: 'untouched, not started yet', lines: [] },
  { title: 'PrivateTmp', lines: ['PrivateTmp=yes'] },
  {
    title: 'an agent in its environment',
    nixos: true,
    lines: ['Environment=SSH_AUTH_SOCK=/run/agent'],
    prepare: agent,
  },
  {
    title: 'NIX_SSHOPTS in its environment',
    lines: ['Environment="NIX_SSHOPTS=-i /root/other"'],
    prepare: otherKey,
  },
  {
    title: 'NIX_SSHOPTS in a file of its environment',
    lines: ['EnvironmentFile=/etc/nix/daemon.env'],
    prepare: `${otherKey}; echo 'NIX_SSHOPTS=-i /root/other' > /etc/nix/daemon.env`,
  },
  {
    title: "an environment of the caller's shell with which nothing works",
    lines: [],
    env: { NIX_SSHOPTS: '-p 9', SSH_AUTH_SOCK: '/nowhere', HOME: '/nowhere' },
  },
  {
    title: "NIX_SSHOPTS of the caller's shell alone, with which all would work",
    lines: [],
    prepare: otherKey,
    env: { NIX_SSHOPTS: '-i /root/other' },
    cause: 'no-key',
  },
  {
    title: 'PATH with ssh in the shell alone',
    lines: ['Environment=PATH=/nowhere'],
    cause: 'ssh-not-on-daemon-path',
  },
  {
    title: 'a ProxyCommand whose program only the PATH of the shell has',
    lines: [],
    prepare:
      "mkdir -p /opt/relay && ln -sf /bin/true /opt/relay/relay && printf 'Host *\\n  ProxyCommand relay %%h %%p\\n' > /root/.ssh/config",
    env: { PATH: '/opt/relay:/usr/bin:/bin' },
    cause: 'proxy-command-fails',
  },
  {
    title: 'a ProxyCommand that needs HOME, which systemd does not set',
    only: 'debian-sid',
    lines: [],
    prepare: needsHome,
    env: { HOME: '/root' },
    cause: 'proxy-command-fails',
  },
  {
    title: 'a ProxyCommand that needs HOME, which the unit sets',
    only: 'debian-sid',
    lines: ['Environment=HOME=/root'],
    prepare: needsHome,
  },
  { title: 'ProtectHome', nixos: true, lines: ['ProtectHome=yes'], cause: 'daemon-cannot-see-files' },
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
  {
    title: 'hardened with care',
    lines: [
      'ProtectSystem=strict',
      'ReadWritePaths=/nix /tmp /var/tmp',
      'ProtectHome=read-only',
      'PrivateDevices=yes',
      'NoNewPrivileges=yes',
      'MemoryDenyWriteExecute=yes',
      'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
      'IPAddressDeny=any',
      'IPAddressAllow=localhost',
      'InaccessiblePaths=/etc/ssh/sshd_config',
      'LimitNOFILE=256',
      'TasksMax=100',
      'Environment=HOME=/elsewhere',
    ],
  },
];

/** Fixes that only their owner can make. */
const byHand = ['no-key', 'proxy-command-fails'];

async function tryUnit(
  t: Test,
  client: Client,
  { title, lines, cause, prepare, env = {} }: Unit,
): Promise<void> {
  const isNixos = client.host.profile.configure !== undefined;
  if (prepare !== undefined) await client.host.sh(prepare);
  await changeUnit(client, ...lines);
  const { report } = await client.check([], { env });
  const root = report.builders[0]?.rootCause ?? null;
  t.equal(root?.cause, cause, `${title}: ${messages(report)}`);
  t.equal(await realBuild(client), cause === undefined, `${title}: a real build through the daemon`);
  if (root === null || byHand.includes(root.cause ?? '')) return;
  for (const { run, module } of root.fix) {
    t.equal(module !== undefined, isNixos, 'an option where a module system owns the unit');
    const ran = module === undefined ? client.host.sh(run ?? 'false') : nixosSwitch(client.host, module);
    const { exitCode, stderr } = await ran;
    t.equal(exitCode, 0, `${title}: fix: ${module ?? run}: ${stderr}`);
  }
  t.equal((await client.check([], { env })).report.summary.verdict, 'healthy', title);
  t.equal(await realBuild(client), true, `${title}: after the fix`);
}

for (const profile of ['debian-12', 'debian-sid'] as const) {
  withFleet(`${profile}, the unit of the daemon`, async (t, fleet) => {
    const [client, builder] = await Promise.all([fleet.client({ profile }), fleet.builder()]);
    client.machines(builder.line());
    await client.host.sh('cp -a /root/.ssh /var/ssh');
    for (const unit of units.filter(({ only = profile }) => only === profile)) {
      await tryUnit(t, client, unit);
      await client.host.sh(
        'rm -rf /etc/systemd/system/nix-daemon.service.d /etc/ssh/ssh_known_hosts /root/.ssh /root/other; cp -a /var/ssh /root/.ssh',
      );
    }
  });
}

for (const unit of units.filter(({ nixos }) => nixos === true))
  withFleet(`nixos, the unit of the daemon: ${unit.title}`, async (t, fleet) => {
    const [client, builder] = await Promise.all([fleet.client({ profile: 'nixos' }), fleet.builder()]);
    client.machines(builder.line());
    await tryUnit(t, client, unit);
  });

/** A stand-in for a VPN: it listens in the network of the daemon under the builder's address and hands all on. */
const relay = `const net = require('node:net');
const [from, to] = process.argv.slice(2);
const at = (text) => (text.includes('/') ? { path: text } : { host: text, port: 22 });
net.createServer((one) => {
  const other = net.connect(at(to));
  one.pipe(other).pipe(one);
  for (const socket of [one, other]) socket.on('error', () => { one.destroy(); other.destroy(); });
}).listen(at(from));
`;

withFleet('only the network of the daemon reaches the builder', async (t, fleet) => {
  const [client, builder] = await Promise.all([fleet.client({ profile: 'debian-sid' }), fleet.builder()]);
  const elsewhere = '127.9.8.7';
  client.host.write('/tmp/relay.cjs', relay);
  client.host.write('/etc/hosts', `127.0.0.1 localhost\n${elsewhere} far\n`);
  client.host.write('/root/.ssh/known_hosts', `far ${builder.hostKey}\n`);
  client.machines('ssh-ng://root@far x86_64-linux - 4 1');
  const node = client.doctorWords([])[0] ?? '';
  const background = '</dev/null >/dev/null 2>&1 &';
  const { exitCode, stderr } = await client.host.sh(
    `mkdir -p /run/netns; touch /run/netns/vpn
    unshare --net=/run/netns/vpn true && nsenter --net=/run/netns/vpn ip link set lo up || exit 1
    setsid ${node} /tmp/relay.cjs /run/relay ${builder.host.address} ${background}
    setsid nsenter --net=/run/netns/vpn ${node} /tmp/relay.cjs ${elsewhere} /run/relay ${background}
    sleep 1`,
  );
  t.equal(exitCode, 0, stderr);
  await changeUnit(client, 'NetworkNamespacePath=/run/netns/vpn');
  t.equal(await realBuild(client), true);
  const { report } = await client.check();
  t.equal(report.summary.verdict, 'healthy', messages(report));
  client.host.write('/root/.ssh/known_hosts', '');
  const unknown = (await client.check()).report;
  t.equal(unknown.builders[0]?.rootCause?.cause, 'host-key-unknown', messages(unknown));
  t.match(unknown.builders[0]?.rootCause?.message, /SHA256:/, 'the key was read from there');
});
