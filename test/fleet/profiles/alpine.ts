import { existsSync, readFileSync } from 'node:fs';
import { layOutOwnRoot } from '../own-root.ts';
import type { HostSpec, Profile } from '../profile.ts';
import { inNamespaces } from '../start-script.ts';
import { alpineRoot } from './alpine/root.ts';

/** Stopping a service leaves the processes of its connections alone. */
const service = (name: string, program: string): { start: string; stop: string; log: string } => ({
  // One that died counts as started; `start` would leave it.
  start: `rc-service ${name} restart`,
  stop: `rc-service ${name} stop; pkill -KILL ${program}; true`,
  log: `grep ${program} /var/log/messages; cat /var/log/${name}.log 2>/dev/null; true`,
});

/** A machine with busybox, OpenRC, and little else. */
export const alpine: Profile = {
  real:
    'busybox with all its applets is the first process, the shell and every tool: there is no bash, no coreutils, no procps, no systemd and no sudo. ' +
    'The real OpenRC starts syslogd, sshd and nix-daemon. sshd runs without PAM. ' +
    "nix.conf is that of Alpine's package: the sandbox is on, and only the group nix may use the daemon.",
  notReal:
    "Nix, OpenSSH and OpenRC are Debian's builds, with glibc in place of musl; busybox is built from its source. There is no apk. " +
    "With Nix 2.8 and 2.26, OpenRC uses dpkg's start-stop-daemon, as Debian's does; a script gives it the waiting time and the exit code of OpenRC's own. The service files of sshd, nix-daemon and syslog are written for the test. " +
    "sandbox-paths stands in nix.conf, where Alpine compiles its shell into Nix, and nix-daemon lies in /usr/bin too, because Debian's sshd gives a user a PATH without /usr/sbin. " +
    'sshd listens on one address of the machine, `substituters` is empty.',
  nixVersions: ['2.8', '2.26', '2.34'],
  system: 'x86_64-linux',
  forms: 'alpine',
  loginShells: { ash: '/bin/ash' },
  standIns: [],
  services: { sshd: service('sshd', 'sshd'), daemon: service('nix-daemon', 'nix-daemon') },
  setpriv: '/usr/libexec/test/setpriv',
  prepare: alpineRoot,
  layOut: async (spec) => layOut(spec, await alpineRoot(spec.nix)),
  started: (host) => existsSync(host.path('/run/started')),
};

const defaults = {
  substituters: '',
  'sandbox-paths': '/bin/sh=/bin/busybox',
};

function layOut(spec: HostSpec, lower: string): string[] {
  const { name, address, sshd, daemon, nixConf, user } = spec;
  const trusted = user?.trusted === true ? { 'trusted-users': `root ${user.name}` } : {};
  const enabled = ['syslog', ...(sshd === null ? [] : ['sshd']), ...(daemon ? ['nix-daemon'] : [])];
  const script = layOutOwnRoot(spec, {
    lower,
    files: {
      '/etc/resolv.conf': readFileSync('/etc/resolv.conf', 'utf8'),
      '/etc/hostname': `${name}\n`,
      '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
      ...(sshd === null
        ? {}
        : {
            '/etc/ssh/sshd_config.d/test.conf': lines(
              { ListenAddress: `${address}:${sshd.port}`, ...sshd.options },
              ' ',
            ),
          }),
    },
    prepare: [
      `printf '%s' ${quoted(lines({ ...defaults, ...trusted, ...nixConf }, ' = '))} >> /etc/nix/nix.conf`,
      ...(sshd === null ? ['mkdir -p -m 700 /root/.ssh'] : ['ssh-keygen -q -A', ...login(spec)]),
      ...enabled.map((service) => `ln -s /etc/init.d/${service} /etc/runlevels/default/${service}`),
    ],
    init: ['/sbin/init'],
  });
  return inNamespaces(script);
}

function lines(options: Readonly<Record<string, string | readonly string[]>>, separator: string): string {
  return Object.entries(options)
    .flatMap(([option, value]) => [value].flat().map((one) => `${option}${separator}${one}\n`))
    .join('');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Shell that makes the user, and lets the key of the fleet's clients in. */
function login({ sshd, user }: HostSpec): string[] {
  const authorise = (name: string, home: string): string =>
    `mkdir -p -m 700 ${home}/.ssh; echo '${sshd?.authorised ?? ''}' > ${home}/.ssh/authorized_keys; chmod 600 ${home}/.ssh/authorized_keys; chown -R ${name}: ${home}/.ssh`;
  return [
    authorise('root', '/root'),
    ...(user === undefined
      ? []
      : [
          `adduser -D -s ${user.shell} -G nix ${user.name}`,
          // adduser locks the account, and sshd without PAM lets nobody into a locked one.
          `sed -i 's/^${user.name}:!:/${user.name}:*:/' /etc/shadow`,
          authorise(user.name, `/home/${user.name}`),
        ]),
  ];
}
