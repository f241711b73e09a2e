import { existsSync } from 'node:fs';
import { layOutOwnRoot } from '../own-root.ts';
import type { HostSpec, Profile } from '../profile.ts';
import { inNamespaces } from '../start-script.ts';
import { removeDefinitions, writeChange, writeMachines } from './nixos/changes.ts';
import { hostConfiguration, keysOption, snippetsOf } from './nixos/configuration.ts';
import { channel, nixosRoot, storePaths } from './nixos/root.ts';
import { path, rebuild } from './nixos/switch.ts';

const service = (name: string): { start: string; stop: string; log: string } => ({
  start: `/run/service ${name} start`,
  stop: `/run/service ${name} stop`,
  log: `cat /var/log/${name}.log`,
});

/** The layout of NixOS, as its modules write it. */
export const nixos: Profile = {
  real:
    'Every program is a valid store path with its closure, on a read-only /nix/store: /run/current-system/sw/bin, /bin/sh and /usr/bin/env are links into it, and there is nothing else in /bin, /usr and /lib. ' +
    'Nix, OpenSSH with PAM, bash and the tools are built by real Nix from Debian packages, with interpreter and libraries in the store. /etc is links through /etc/static into the store. ' +
    '/etc/nixos/configuration.nix is evaluated and built by real Nix, and nixos-rebuild switch puts the result in place. The sandbox is on, with busybox as its /bin/sh; build users are nixbld1 to nixbld32; users without the right to write the database have NIX_REMOTE=daemon.',
  notReal:
    "nixpkgs is a stand-in: a small module system with the options of test/fleet/profiles/nixos/nixpkgs-stand-in/options.nix, which writes what NixOS's modules write. Programs are Debian's builds. " +
    'There is no systemd: a script starts sshd and nix-daemon with the environment of their units, systemctl and journalctl are stand-ins, and there is no socket activation. sandbox-paths stands in nix.conf, where nixpkgs compiles it into Nix. ' +
    '/etc/hosts is a plain file. The host key is Ed25519 only, substituters is empty.',
  nixVersions: ['2.34', '2.26'],
  system: 'x86_64-linux',
  forms: 'nixos',
  loginShells: { bash: '/run/current-system/sw/bin/bash' },
  standIns: [],
  services: { sshd: service('sshd'), daemon: service('nix-daemon') },
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
  started: (host) => existsSync(host.path('/run/started')),
};

function layOut(spec: HostSpec, lower: string): string[] {
  const { name, address, daemon } = spec;
  const { bash, coreutils, nodejs, 'util-linux': utilLinux } = storePaths(lower);
  const script = layOutOwnRoot(spec, {
    lower,
    files: {
      '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
      '/etc/nixos/configuration.nix':
        '{ lib, ... }: { imports = [ ./host.nix ] ++ map (name: ./changes + "/${name}") (builtins.attrNames (builtins.readDir ./changes)); }\n',
      '/etc/nixos/changes/0000.nix': '{ }\n',
      '/etc/nixos/host.nix': hostConfiguration(spec),
    },
    prepare: [
      // This machine's own program finds no libraries there.
      `umount /run/node; mount --bind ${nodejs}/bin/node /run/node`,
      'mkdir -p /etc/ssh; mkdir -p -m 700 /root/.ssh',
      ...(daemon ? [] : ['touch /run/without-nix-daemon']),
    ],
    init: [`${bash}/bin/bash`, `${channel}/init.sh`],
    environment: { PATH: [bash, coreutils, utilLinux].map((one) => `${one}/bin`).join(':') },
  });
  return inNamespaces(script);
}
