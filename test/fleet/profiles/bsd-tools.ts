import { existsSync } from 'node:fs';
import { debianRoot } from '../debian-root.ts';
import { layOutOwnRoot } from '../own-root.ts';
import type { HostSpec, Profile } from '../profile.ts';
import { inNamespaces } from '../start-script.ts';
import { type Installer, macosFiles } from './bsd-tools/etc.ts';
import { bsdWorded, shared, withoutGnuOptions } from './bsd-tools/programs.ts';

const linux = '/run/linux';
const standIns = '/run/project/test/fleet/stand-ins/macos';
const typed = '/nix/var/nix/profiles/default/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

const service = (name: string, log: string): { start: string; stop: string; log: string } => ({
  start: `${linux}/service ${name} start`,
  stop: `${linux}/service ${name} stop`,
  log: `cat ${log}`,
});

/** What a macOS builder offers to a script. A stand-in: no real macOS runs here. */
export const bsdTools: Profile = {
  real:
    'Nix, OpenSSH with PAM, zsh, bash, dash and tcsh run. The files are those that macOS and the installers of Nix have: ' +
    "/etc/zshenv, /etc/zshrc, /etc/bashrc, launchd's labels; with Nix 2.34 those of Determinate's installer (/etc/nix/nix.conf with `!include nix.custom.conf`), " +
    "with Nix 2.8 those of Nix's own (the PATH is set by sshd's SetEnv). A login has the PATH /usr/bin:/bin:/usr/sbin:/sbin and a read-only /proc that holds only `self` and `stat`, and sshd is started for each connection. " +
    'A program that macOS has not is not in the PATH.',
  notReal:
    'All of it is a stand-in for macOS: kernel, libraries and programs are those of Linux. The programs of test/fleet/stand-ins/macos take the words of macOS and refuse those of GNU, as far as they know them. ' +
    "`system = aarch64-darwin` stands in nix.conf, and the programs that run builds are Linux's. bash is newer than macOS's. Root's home is /root, its login shell zsh; /home leads to /Users. " +
    'Commands that a test types see /proc, logins do not.',
  nixVersions: ['2.8', '2.34'],
  system: 'aarch64-darwin',
  forms: 'macos',
  notClient: 'Node for Linux needs /proc',
  loginShells: { zsh: '/bin/zsh', bash: '/bin/bash', dash: '/bin/dash', tcsh: '/bin/tcsh' },
  standIns: [],
  services: {
    sshd: service('sshd', '/var/log/sshd.log'),
    daemon: service('daemon', '/var/log/nix-daemon.log'),
  },
  path: `${linux}/bin:${linux}/sbin:${typed}`,
  typedPath: typed,
  setpriv: `${linux}/bin/setpriv`,
  prepare: (nix) => rootOf(nix),
  layOut: async (spec) => layOut(spec, await rootOf(spec.nix)),
  started: (host) => existsSync(host.path('/run/started')),
};

function rootOf(nix: HostSpec['nix']): Promise<string> {
  return debianRoot(nix === '2.8' ? 'bookworm' : 'sid');
}

function layOut(spec: HostSpec, lower: string): string[] {
  const installer: Installer = spec.nix === '2.8' ? 'nix' : 'determinate';
  const script = layOutOwnRoot(spec, {
    lower,
    files: macosFiles(spec, installer),
    prepare: [
      ...nixAsInstalled(installer),
      ...accounts(spec),
      ...(spec.sshd === null ? [] : [`echo ${spec.address}:${spec.sshd.port} > ${linux}/listen`]),
      ...macosPrograms(),
    ],
    init: [`${linux}/bin/bash`, '-c', quoted(start(spec))],
    environment: { PATH: `${linux}/bin:${linux}/sbin:/usr/bin:/usr/sbin:/bin:/sbin` },
  });
  return inNamespaces(script);
}

function nixAsInstalled(installer: Installer): string[] {
  const label = installer === 'determinate' ? 'systems.determinate' : 'org.nixos';
  return [
    `mkdir -p ${linux}/bin ${linux}/sbin ${linux}/proc`,
    `ln -s ${standIns}/service ${linux}/service; echo ${label}.nix-daemon > ${linux}/nix-daemon.label`,
    'mkdir -p /nix/var/nix/profiles/default/bin',
    // Debian's Nix lets a group in; elsewhere `allowed-users` decides alone.
    'chmod 755 /nix/var/nix/daemon-socket',
    // Nix starts its build hook by that path.
    `[ ! -L /usr/libexec/nix/build-remote ] || ln -sf ${linux}/bin/nix /usr/libexec/nix/build-remote`,
    `for program in /usr/bin/nix*; do ln -s ${linux}/bin/\${program##*/} /nix/var/nix/profiles/default/bin/; done`,
    'rm -f /etc/os-release /usr/lib/os-release /etc/debian_version /etc/environment /usr/local/bin/ash',
    'for file in zshenv zprofile zshrc; do ln -sf ../$file /etc/zsh/$file; done; ln -sf bashrc /etc/bash.bashrc',
    '[ ! -e /usr/local/bin/determinate-nixd ] || chmod 755 /usr/local/bin/determinate-nixd',
  ];
}

function accounts({ sshd, user }: HostSpec): string[] {
  const authorise = (name: string, home: string): string =>
    `mkdir -p -m 700 ${home}/.ssh; echo '${sshd?.authorised ?? ''}' > ${home}/.ssh/authorized_keys; chmod 600 ${home}/.ssh/authorized_keys; chown -R ${name}: ${home}/.ssh`;
  return [
    "for file in passwd shadow group; do sed -i 's/nixbld\\([0-9]\\)/_nixbld\\1/g' /etc/$file; done",
    'usermod -s /bin/zsh root; ssh-keygen -q -A; mkdir -p /Users; rmdir /home && ln -s Users /home',
    authorise('root', '/root'),
    ...(user === undefined
      ? []
      : [
          `useradd --create-home --home-dir /Users/${user.name} --shell ${user.shell} ${user.name}`,
          authorise(user.name, `/Users/${user.name}`),
        ]),
  ];
}

/** Debian's programs are seen under /run/linux only. */
function macosPrograms(): string[] {
  const links = (names: readonly string[], target: (name: string) => string): string =>
    names.map((name) => `ln -s ${target(name)} ${linux}/macos/bin/${name}`).join('; ');
  return [
    ...['bin', 'sbin'].map((folder) => `mount --bind /usr/${folder} ${linux}/${folder}`),
    `mount --bind /proc ${linux}/proc; mkdir -p ${linux}/macos/bin ${linux}/macos/sbin`,
    links(shared, (name) => `${linux}/bin/${name}`),
    links(withoutGnuOptions, () => `${standIns}/without-gnu-options`),
    links(bsdWorded, (name) => `${standIns}/${name}`),
    // macOS's awk is this one; its sh is bash.
    `cp /run/outside/usr/bin/original-awk ${linux}/macos/bin/awk.real; ln -sf awk.real ${linux}/macos/bin/awk; ln -sf ${linux}/bin/bash ${linux}/macos/bin/sh`,
    // PAM starts the second.
    `for program in sshd unix_chkpwd; do ln -s ${linux}/sbin/$program ${linux}/macos/sbin/; done; ln -s ${standIns}/sysctl ${linux}/macos/sbin/sysctl`,
    `for folder in bin sbin; do ${linux}/bin/mount --bind ${linux}/macos/$folder /usr/$folder; done; ${linux}/bin/mount --make-rshared /`,
  ];
}

function start({ sshd, daemon }: HostSpec): string {
  return [
    ...(daemon ? [`${linux}/service daemon start`] : []),
    ...(sshd === null ? [] : ['mkdir -p /run/sshd', `${linux}/service sshd start`]),
    'touch /run/started',
    'while :; do sleep 1000 & wait $!; done',
  ].join('; ');
}

function quoted(text: string): string {
  return `'${text}'`;
}
