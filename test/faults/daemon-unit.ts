import type { Host } from '../fleet/host.ts';
import type { Fault, Lab } from './fault.ts';

/** Directives of the client's unit, in a drop-in. The socket starts the daemon when something connects. */
export async function setUnit({ client }: Lab, ...lines: string[]): Promise<void> {
  client.host.write(
    '/etc/systemd/system/nix-daemon.service.d/hardening.conf',
    ['[Service]', ...lines, ''].join('\n'),
  );
  await typed(
    client.host,
    'systemctl daemon-reload && systemctl stop nix-daemon.service && systemctl start nix-daemon.socket',
  );
}

async function typed(host: Host, command: string): Promise<void> {
  const { exitCode, stderr } = await host.sh(command);
  if (exitCode !== 0) throw new Error(`${command}: ${stderr}`);
}

const noUnit = 'the daemon has no unit of systemd there';

const onSid: Pick<Fault, 'client' | 'notOn'> = {
  client: { profile: 'debian-sid' },
  notOn: {
    nixos: 'its units are written by modules',
    alpine: noUnit,
    'bsd-tools': noUnit,
    arm64: noUnit,
  },
};

/** A unit with these directives, after something else was prepared. */
const unit = (
  lines: string | readonly string[],
  what: Pick<Fault, 'scenario' | 'cause' | 'on'> & {
    prepare?: string;
    before?: (lab: Lab) => unknown;
    title?: string;
  },
): Fault => {
  const { prepare, before, title, ...named } = what;
  return {
    title: title ?? `the daemon's unit sets ${[lines].flat().join(' and ')}`,
    ...onSid,
    breaks: async (lab) => {
      if (prepare !== undefined) await typed(lab.client.host, prepare);
      await before?.(lab);
      await setUnit(lab, ...[lines].flat());
    },
    ...named,
  };
};

const hidden = { cause: 'daemon-cannot-see-files' };
const stopped = { scenario: 'daemon-view', cause: 'daemon-confined' };
const unreachable = { scenario: 'local-to-remote-build', cause: 'daemon-confined' };
const moveKey = (to: string): string => `mv /root/.ssh/id_ed25519 ${to} && rm /root/.ssh/id_ed25519.pub`;
const agent = (socket: string): string =>
  `ssh-agent -a ${socket} >/dev/null && SSH_AUTH_SOCK=${socket} ssh-add -q /root/.ssh/id_ed25519 && rm /root/.ssh/id_ed25519*`;

/** What the hardening of its unit keeps from the client's daemon, each with real systemd. */
export const daemonUnitFaults: readonly Fault[] = [
  unit('RestrictAddressFamilies=AF_UNIX', unreachable),
  unit(['SystemCallFilter=~connect', 'SystemCallErrorNumber=EPERM'], unreachable),
  unit('IPAddressDeny=any', unreachable),
  unit('SystemCallFilter=~connect', stopped),
  unit('User=builder', { ...stopped, prepare: 'useradd -m builder' }),
  unit('DynamicUser=yes', stopped),
  unit('PrivateUsers=yes', stopped),
  // The older Nix of Debian 12 needs fewer files, and fails later.
  unit('LimitNOFILE=10', { ...stopped, on: { 'debian-12': unreachable } }),
  unit('EnvironmentFile=/etc/nix/gone.env', stopped),
  unit(['NoExecPaths=/', 'ExecPaths=/nix /usr/bin/nix-daemon /usr/bin/nix /usr/lib'], stopped),
  unit('ReadOnlyPaths=/nix/var/nix/current-load', {
    ...unreachable,
    prepare: 'mkdir -p /nix/var/nix/current-load',
  }),
  unit('ReadOnlyPaths=/tmp', { scenario: 'store-ping', cause: 'daemon-confined' }),
  unit('InaccessiblePaths=/etc/nix/machines', { ...hidden, scenario: 'machines-file' }),
  unit('TemporaryFileSystem=/root', { ...hidden, scenario: 'host-key' }),
  unit(['PrivateTmp=yes', 'Environment="NIX_SSHOPTS=-i /tmp/key"'], {
    ...hidden,
    scenario: 'connection',
    prepare: moveKey('/tmp/key'),
  }),
  unit(['ProtectHome=yes', 'Environment=SSH_AUTH_SOCK=/run/user/0/agent'], {
    ...hidden,
    title: "the daemon's agent has its socket where ProtectHome hides it",
    scenario: 'connection',
    prepare: `cp /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts && mkdir -p /run/user/0 && ${agent('/run/user/0/agent')}`,
  }),
  unit('NoExecPaths=/usr/bin/ssh', { scenario: 'ssh-config', cause: 'daemon-cannot-run-ssh' }),
  unit('Environment=PATH=/nowhere', { scenario: 'ssh-config', cause: 'ssh-not-on-daemon-path' }),
  unit('EnvironmentFile=/etc/nix/daemon.env', {
    title: 'a file of variables gives the daemon a wrong port in NIX_SSHOPTS',
    scenario: 'tcp',
    cause: 'port-wrong',
    prepare: "echo 'NIX_SSHOPTS=-p 2222' > /etc/nix/daemon.env",
  }),
  unit('PrivateNetwork=yes', { scenario: 'tcp', cause: 'daemon-without-network' }),
  unit('BindReadOnlyPaths=/dev/null:/etc/nix/machines', { ...hidden, scenario: 'machines-file' }),
  unit('Environment=TMPDIR=/var/tmp/nix-daemon', {
    scenario: 'store-ping',
    cause: 'daemon-tmpdir-missing',
  }),
  unit([], {
    title: "ssh's configuration uses a variable that only the shell has",
    scenario: 'connection',
    cause: 'ssh-variable-unset',
    prepare: `${moveKey('/root/key')} && printf 'Host *\\n  IdentityFile \${KEYS}/key\\n' > /root/.ssh/config`,
    before: ({ env }) => (env['KEYS'] = '/root'),
  }),
];
