import { profiles } from '../fleet/profiles/index.ts';
import type { Fault, Lab } from './fault.ts';
import { port, registration, withOwnEmulators } from './own-emulators.ts';

const board = { profile: 'arm64' } as const;
const emulates = { port, nixConf: { 'extra-platforms': 'aarch64-linux riscv64-linux' } };
const sandboxed = {
  port,
  nixConf: { ...emulates.nixConf, sandbox: 'true', 'sandbox-paths': '/bin /lib /lib64 /usr/lib /usr/bin' },
};
const installs = {
  fixNotRun: 'an installed emulator would be registered in the kernel of the whole machine',
};

/** The columns after the URI. */
function entry(columns: string, scheme: 'ssh' | 'ssh-ng' = 'ssh-ng'): (lab: Lab) => void {
  return ({ client, builder }) => client.machines(builder.line(scheme, columns));
}

/** On no other profile: each brings the kind of machine that it needs. */
const notOn = Object.fromEntries(
  Object.keys(profiles)
    .filter((name) => name !== 'plain')
    .map((name) => [name, 'the fault brings its own kind of machine']),
);

const onPlain: readonly Fault[] = [
  {
    title: 'the entry says x86_64-linux, the builder is an arm board',
    builder: board,
    breaks: entry('x86_64-linux - 4'),
    scenario: 'builder-systems',
    cause: 'system-not-supported',
  },
  {
    title: 'the entry names no system, the builder is an arm board',
    builder: board,
    breaks: entry(''),
    scenario: 'builder-systems',
    cause: 'system-not-supported',
  },
  {
    title: 'the entry says aarch64-linux, the builder is not an arm board',
    breaks: entry('aarch64-linux - 4', 'ssh'),
    scenario: 'builder-systems',
    cause: 'system-not-supported',
  },
  {
    title: 'an arm board that runs only 64-bit programs promises armv7l-linux',
    builder: { ...board, nixConf: { 'extra-platforms': 'armv7l-linux' } },
    breaks: entry('aarch64-linux,armv7l-linux - 4'),
    scenario: 'remote-build',
    cause: 'emulation-missing',
  },
  {
    title: 'no emulator is registered, and Nix promises the system',
    builder: emulates,
    breaks: async (lab) => {
      await withOwnEmulators(lab);
      entry('x86_64-linux,aarch64-linux - 4')(lab);
    },
    scenario: 'builder-systems',
    cause: 'emulation-missing',
    ...installs,
  },
  {
    title: 'the emulator is registered for another processor',
    builder: emulates,
    breaks: async (lab) => {
      await withOwnEmulators(lab, [registration('riscv64', 'OPF')]);
      entry('x86_64-linux,aarch64-linux - 4')(lab);
    },
    scenario: 'builder-systems',
    cause: 'emulation-missing',
    ...installs,
  },
  {
    title: 'the emulator that is registered was removed',
    builder: emulates,
    breaks: async (lab) => {
      const gone = registration('riscv64', 'O').replace('/usr/libexec/qemu-binfmt/', '/opt/qemu/');
      await withOwnEmulators(lab, [gone]);
      entry('x86_64-linux,riscv64-linux - 4')(lab);
    },
    scenario: 'builder-systems',
    cause: 'emulator-gone',
    ...installs,
  },
  {
    title: 'the emulator cannot be seen in the sandbox',
    builder: sandboxed,
    breaks: async (lab) => {
      await withOwnEmulators(lab, [registration('riscv64', 'OP')]);
      entry('x86_64-linux,riscv64-linux - 4')(lab);
    },
    scenario: 'builder-systems',
    cause: 'emulator-outside-sandbox',
  },
  {
    title: 'a container that cannot see the list of emulators, and none is registered',
    builder: emulates,
    breaks: async (lab) => {
      await withOwnEmulators(lab, [], true);
      entry('x86_64-linux,riscv64-linux - 4')(lab);
    },
    scenario: 'remote-build',
    cause: 'emulation-missing',
  },
  {
    title: 'an emulated builder filters system calls',
    builder: { ...board, nixConf: { 'filter-syscalls': 'true' } },
    breaks: () => undefined,
    scenario: 'remote-build',
    cause: 'seccomp-unavailable',
  },
  {
    title: 'kvm is promised on an arm board without it',
    builder: { ...board, nixConf: { 'system-features': 'kvm big-parallel' } },
    breaks: entry('aarch64-linux - 4 1 kvm,big-parallel'),
    scenario: 'kvm',
    cause: 'kvm-missing',
  },
  {
    title: 'an arm board promises big-parallel and benchmark, and lists neither',
    builder: { ...board, nixConf: { 'system-features': 'nixos-test' } },
    breaks: entry('aarch64-linux - 4 1 big-parallel,benchmark'),
    scenario: 'builder-features',
    cause: 'feature-not-supported',
  },
];

/** What goes wrong with builders of another processor than the client: arm boards, and builders that emulate them. */
export const armFaults: readonly Fault[] = onPlain.map((fault) => ({ ...fault, notOn }));
