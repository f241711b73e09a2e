import type { Builder, Client, Fleet } from './index.ts';
import type { BuilderOptions } from './builder.ts';
import { withFleet } from './with-fleet.ts';

interface Slow {
  title: string;
  builder?: BuilderOptions;
  /** Makes the login slow. The client knows the builder by then. */
  makes: (lab: { client: Client; builder: Builder }) => unknown;
  cause: string;
  /** Scenarios, where each command takes that long too. Default: all. */
  only?: string[];
}

/** More than what is called slow, and little more than what was once called hung. */
const seconds = 24;

/** A stand-in for a machine that is off: a listener whose queue is full drops what comes (tcp(7), listen(2)). */
const dropsPackets = `import socket, sys, time
server = socket.socket(); server.bind((sys.argv[1], 22)); server.listen(0)
clients = []
for _ in range(4):
    client = socket.socket(); client.setblocking(False); client.connect_ex((sys.argv[1], 22)); clients.append(client)
open('/tmp/drops', 'w').close()
time.sleep(1000)
`;

/** A rule before the others of sshd, which runs a program that takes its time. */
const pam = ({ host }: Builder, rule: string): Promise<unknown> =>
  host.sh(
    `printf '#!/bin/sh\\nsleep ${seconds}\\n' > /tmp/slow; chmod 755 /tmp/slow; sed -i '1i ${rule} /tmp/slow' /etc/pam.d/sshd`,
  );

const slow: readonly Slow[] = [
  {
    title: 'a forced command',
    builder: { sshd: { ForceCommand: `sleep ${seconds}; exec $SSH_ORIGINAL_COMMAND` } },
    makes: () => undefined,
    cause: 'slow-session',
    only: ['login-speed', 'remote-build'],
  },
  {
    title: 'a start-up file of the login shell',
    builder: { user: { name: 'nix', shell: '/bin/bash', trusted: true } },
    makes: ({ builder: { host } }) => host.sh(`echo 'sleep ${seconds}' > ~nix/.bashrc`),
    cause: 'slow-session',
    only: ['login-speed', 'remote-build'],
  },
  {
    title: 'name servers that do not answer, which are asked for the name of the client',
    builder: { sshd: { UseDNS: 'yes' } },
    makes: async ({ builder: { host } }) => {
      const silent = `import socket, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('${host.address}', 53))
open('/tmp/silent', 'w').close()
time.sleep(1000)
`;
      host.write('/tmp/silent.py', silent);
      host.write('/etc/hosts', `${host.address} ${host.name}\n`);
      await host.sh(
        `setsid python3 /tmp/silent.py </dev/null >/dev/null 2>&1 & while [ ! -e /tmp/silent ]; do sleep 0.1; done
        printf 'nameserver ${host.address}\\noptions timeout:10 attempts:2\\n' > /etc/resolv.conf`,
      );
    },
    cause: 'slow-authentication',
  },
  {
    title: 'a session module of PAM',
    builder: { sshd: { UsePAM: 'yes' } },
    makes: ({ builder }) => pam(builder, 'session required pam_exec.so type=open_session'),
    cause: 'slow-session',
  },
  {
    title: 'an account module of PAM',
    builder: { sshd: { UsePAM: 'yes' } },
    makes: ({ builder }) => pam(builder, 'account required pam_exec.so'),
    cause: 'slow-authentication',
  },
  {
    title: 'an address that drops packets, before one that answers',
    makes: async ({ client, builder }) => {
      const dead = builder.host.address.replace(/\d+$/, '250');
      client.host.write('/tmp/drops.py', dropsPackets);
      await client.host.sh(
        `setsid python3 /tmp/drops.py ${dead} </dev/null >/dev/null 2>&1 & while [ ! -e /tmp/drops ]; do sleep 0.1; done`,
      );
      const text = client.host
        .read('/etc/hosts')
        .replace(`${builder.host.address} ${builder.name}`, `${dead} ${builder.name}\n$&`);
      client.host.write('/etc/hosts', text);
      client.host.write('/root/.ssh/config', `Host *\n  ConnectTimeout ${seconds}\n`);
      client.host.write('/root/.ssh/known_hosts', `${builder.name} ${builder.hostKey}\n`);
    },
    cause: 'slow-dead-address',
  },
];

async function look(
  fleet: Fleet,
  { builder: options, makes, only = [] }: Slow,
): Promise<{ red: string[]; cause: string; message: string; built: string }> {
  const client = await fleet.client();
  const builder = await fleet.builder(options);
  client.machines(builder.line());
  await makes({ client, builder });
  const { report } = await client.check(
    only.flatMap((id) => ['-t', id]),
    { timeoutMs: 400_000 },
  );
  const checks = [...report.clientChecks, ...report.builders.flatMap((one) => one.checks)];
  const speed = checks.find(({ scenario }) => scenario === 'login-speed');
  return {
    red: checks
      .filter(({ outcome }) => ['fail', 'error', 'blocked'].includes(outcome))
      .map(({ outcome, scenario, message }) => `${outcome} ${scenario}: ${message}`),
    cause: speed?.cause ?? 'none',
    message: speed?.message ?? '',
    built: checks.find(({ scenario }) => scenario === 'remote-build')?.outcome ?? 'none',
  };
}

const words = process.argv.slice(2);
withFleet('a login that takes long is called slow, not broken', async (t, fleet) => {
  const chosen = slow.filter(({ title }) => words.every((word) => title.includes(word)));
  const seen = await Promise.all(chosen.map((one) => look(fleet, one)));
  for (const [index, { title, cause }] of chosen.entries()) {
    t.comment(seen[index]?.message);
    t.same(seen[index]?.red, [], title);
    t.equal(seen[index]?.cause, cause, title);
    t.equal(seen[index]?.built, 'pass', title);
  }
});
