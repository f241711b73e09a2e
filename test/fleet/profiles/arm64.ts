import { registerArm64 } from '../binfmt.ts';
import type { Profile } from '../profile.ts';
import { armRootfs } from '../rootfs.ts';
import { layOut, plain } from './plain.ts';

/** A machine of another system than the client, and a slow one. */
export const arm64: Profile = {
  ...plain,
  real: "Debian's Nix, OpenSSH and tools for arm64, each an aarch64 program; users that run builds; bash and dash as login shells",
  notReal:
    'qemu-user runs the programs on the kernel of the machine, so it is slower than an arm board is. As in plain there is no init and no systemd, ' +
    'systemctl and journalctl are stand-ins, and Nix has `sandbox = false`. ' +
    'Nix has `filter-syscalls = false`: with a filter, Nix fails under qemu-user ("unable to load seccomp BPF program: Invalid argument").',
  // With Debian sid (Nix 2.34), sshd closes each connection under qemu 7.2, and Nix cannot ask for the attributes of its terminal.
  nixVersions: ['2.8'],
  system: 'aarch64-linux',
  notClient: "this program's Node is for the machine's own system",
  loginShells: { dash: '/bin/sh', bash: '/bin/bash' },
  prepare: root,
  layOut: async (spec) =>
    layOut({ ...spec, nixConf: { 'filter-syscalls': 'false', ...spec.nixConf } }, await root(spec.nix)),
};

function root(nix: Parameters<Profile['prepare']>[0]): Promise<string> {
  registerArm64();
  return armRootfs(nix);
}
