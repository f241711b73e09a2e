import { debianRoot, readRoot } from './debian-root.ts';
import type { HostSpec, Profile } from './profile.ts';
import type { NixVersion } from './rootfs.ts';
import { layOutSystemd, maskedUnits, maskUnits, systemdServices, systemdStarted } from './systemd.ts';

export interface DebianRelease {
  suite: 'bookworm' | 'sid';
  nix: NixVersion;
  /** Its nix.conf as the package ships it, in words. */
  nixConf: string;
}

/** A Debian as its packages set it up. */
export function debian({ suite, nix, nixConf }: DebianRelease): Profile {
  return {
    real:
      `Debian ${suite} with its own systemd as first process: ssh.service, nix-daemon.socket, nix-daemon.service, journald, logind, PAM, sudo, ` +
      `the users nixbld1 to nixbld10 and the group nix-users of nix-setup-systemd. ${nixConf} Each host has a root file system of its own.`,
    notReal:
      'sshd listens on one address of the machine, has host keys of its own, and root may log in with the key of the test. `substituters` is empty: there is no internet. ' +
      `The kernel and the network are those of the machine, so these units are masked: ${maskedUnits.join(', ')}. udev does not run (as in any container).`,
    nixVersions: [nix],
    system: 'x86_64-linux',
    loginShells: {
      bash: '/bin/bash',
      dash: '/bin/dash',
      zsh: '/usr/bin/zsh',
      fish: '/usr/bin/fish',
      tcsh: '/bin/tcsh',
      ash: '/usr/local/bin/ash',
    },
    standIns: [],
    services: systemdServices('ssh'),
    prepare: () => debianRoot(suite),
    layOut: async (spec) => layOut(spec, await debianRoot(suite)),
    started: systemdStarted,
  };
}

function layOut(spec: HostSpec, lower: string): string[] {
  const { name, address, sshd, daemon } = spec;
  return layOutSystemd(spec, {
    lower,
    files: {
      '/etc/hostname': `${name}\n`,
      '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
      '/etc/nix/nix.conf': nixConfOf(readRoot(lower, 'etc/nix/nix.conf'), spec),
      ...(sshd === null
        ? {}
        : {
            '/etc/ssh/sshd_config.d/test.conf': Object.entries({
              ListenAddress: `${address}:${sshd.port}`,
              ...sshd.options,
            })
              .flatMap(([option, value]) => [value].flat().map((one) => `${option} ${one}\n`))
              .join(''),
          }),
    },
    prepare: [
      ...maskUnits,
      ...(sshd === null ? ['ln -s /dev/null /etc/systemd/system/ssh.service'] : login(spec)),
      ...(daemon
        ? []
        : [
            'for unit in nix-daemon.socket nix-daemon.service; do rm -f /etc/systemd/system/*.wants/$unit; done',
          ]),
    ],
  });
}

/** The distribution's text, with what the test sets at its end. */
function nixConfOf(text: string, { user, nixConf }: HostSpec): string {
  const trusted = user?.trusted === true ? { 'trusted-users': `root ${user.name}` } : {};
  const settings = Object.entries({ substituters: '', ...trusted, ...nixConf });
  return `${text}${settings.map(([key, value]) => `${key} = ${value}\n`).join('')}`;
}

/** Shell that makes the host keys and the user, and lets the key of the fleet's clients in. */
function login({ sshd, user }: HostSpec): string[] {
  const authorise = (name: string, home: string): string =>
    `mkdir -p -m 700 ${home}/.ssh; echo '${sshd?.authorised ?? ''}' > ${home}/.ssh/authorized_keys; chmod 600 ${home}/.ssh/authorized_keys; chown -R ${name}: ${home}/.ssh`;
  return [
    'ssh-keygen -q -A',
    authorise('root', '/root'),
    'ln -s /bin/busybox /usr/local/bin/ash',
    ...(user === undefined
      ? []
      : [
          `useradd --create-home --shell ${user.shell} --groups nix-users ${user.name}`,
          authorise(user.name, `/home/${user.name}`),
        ]),
  ];
}
