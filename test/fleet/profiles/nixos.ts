import { readFileSync } from 'node:fs';
import type { HostSpec, Profile } from '../profile.ts';
import { layOutSystemd, systemdServices, systemdStarted } from '../systemd.ts';
import { removeDefinitions, writeChange, writeMachines } from './nixos/changes.ts';
import { hostConfiguration, keysOption, snippetsOf } from './nixos/configuration.ts';
import { channel, nixosRoot, storePaths } from './nixos/root.ts';
import { path, rebuild } from './nixos/switch.ts';

/** The layout of NixOS, as its modules write it. */
export const nixos: Profile = {
  real:
    'Every program is a valid store path with its closure, on a read-only /nix/store: /run/current-system/sw/bin, /bin/sh and /usr/bin/env are links into it, and there is nothing else in /bin, /usr and /lib. ' +
    'Nix, OpenSSH with PAM, bash and the tools are built by real Nix from Debian packages, with interpreter and libraries in the store. /etc is links through /etc/static into the store. ' +
    'systemd is the first process, with journald, logind and D-Bus; /etc/systemd/system is a link into the store with the units that modules write, and the daemon is started by its socket. systemctl, journalctl, sudo and usermod are real. ' +
    '/etc/nixos/configuration.nix is evaluated and built by real Nix, and nixos-rebuild switch puts the result in place. The sandbox is on, with busybox as its /bin/sh; build users are nixbld1 to nixbld32; users without the right to write the database have NIX_REMOTE=daemon.',
  notReal:
    "nixpkgs is a stand-in: a small module system with the options of test/fleet/profiles/nixos/nixpkgs-stand-in/options.nix, which writes what NixOS's modules write. Programs are Debian's builds, in which short paths stand where nixpkgs compiles the store's in: /run/lib leads to lib of systemd, /run/pam to /run/wrappers/bin, and /etc/sudo.conf names sudo's parts. " +
    "nixos-rebuild and switch-to-configuration are scripts that do what NixOS's do. sandbox-paths stands in nix.conf, where nixpkgs compiles it into Nix; " +
    '/etc/hosts is a plain file. The host key is Ed25519 only, substituters is empty.',
  nixVersions: ['2.34', '2.26'],
  system: 'x86_64-linux',
  forms: 'nixos',
  loginShells: { bash: '/run/current-system/sw/bin/bash' },
  standIns: [],
  services: systemdServices('sshd'),
  path,
  prepare: nixosRoot,
  layOut: async (spec) => layOut(spec, await nixosRoot(spec.nix)),
  writeMachines: (host, text) => {
    writeMachines(host, text);
    rebuild(host);
  },
  configure: (host, change) => {
    const { machines, authorised } = change;
    if (machines !== undefined) writeMachines(host, machines.join('\n'));
    if (authorised !== undefined) removeDefinitions(host, keysOption(authorised.user));
    for (const snippet of snippetsOf(change)) writeChange(host, snippet);
    rebuild(host);
  },
  started: systemdStarted,
};

function layOut(spec: HostSpec, lower: string): string[] {
  const { name, address } = spec;
  const { bash, coreutils, nodejs, 'util-linux': utilLinux } = storePaths(lower);
  return layOutSystemd(
    spec,
    {
      lower,
      files: {
        '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
        // As resolvconf writes it.
        '/etc/resolv.conf': readFileSync('/etc/resolv.conf', 'utf8'),
        '/etc/nixos/configuration.nix':
          '{ lib, ... }: { imports = [ ./host.nix ] ++ map (name: ./changes + "/${name}") (builtins.attrNames (builtins.readDir ./changes)); }\n',
        '/etc/nixos/changes/0000.nix': '{ }\n',
        '/etc/nixos/host.nix': hostConfiguration(spec),
      },
      prepare: [
        // This machine's own program finds no libraries there.
        `umount /run/node; mount --bind ${nodejs}/bin/node /run/node`,
        'mkdir -p /etc/ssh; mkdir -p -m 700 /root/.ssh',
        `${bash}/bin/bash ${channel}/stage-2-init.sh`,
      ],
      environment: { PATH: [bash, coreutils, utilLinux].map((one) => `${one}/bin`).join(':') },
    },
    '/run/current-system/systemd/lib/systemd/systemd',
  );
}
