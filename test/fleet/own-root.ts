import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostSpec } from './profile.ts';
import { beginScript, initEnvironment, mountProject } from './start-script.ts';

export interface OwnRoot {
  /** The cached root folder. It is never written to. */
  lower: string;
  /** Text of files that the host has over those of the root folder, by path. Mode 644. */
  files: Readonly<Record<string, string>>;
  /** Shell that root runs inside before the first process. */
  prepare: readonly string[];
  /** Program and words of the first process. */
  init: readonly string[];
  /** Its environment, besides PATH, HOME and USER. */
  environment?: Readonly<Record<string, string>>;
}

/** Number of a device, and its mode. Nodes are made, never bound: who owns the host may change owner and mode. */
const devices = {
  null: 'c 1 3',
  zero: 'c 1 5',
  full: 'c 1 7',
  random: 'c 1 8',
  urandom: 'c 1 9',
  tty: 'c 5 0',
} as const;

/**
 * Writes the script of a first process that has a whole root file system of its own: an overlay over the root folder, whose
 * upper part lies in the host's folder. Returns its path. The host keeps nothing of the outside's mounts, so that user
 * namespaces, which Nix's sandbox needs, can be made in it.
 */
export function layOutOwnRoot({ name, folder }: HostSpec, own: OwnRoot): string {
  for (const part of ['upper', 'work', 'root']) mkdirSync(join(folder, part), { recursive: true });
  const write = (path: string, text: string): void => {
    const file = join(folder, 'upper', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const [path, text] of Object.entries(own.files)) write(path, text);
  writeFileSync(join(folder, 'prepare.sh'), ['set -eu', ...own.prepare, ''].join('\n'));
  const script = join(folder, 'start.sh');
  writeFileSync(script, [...mounts(name, folder, own.lower), ...enter(own), ''].join('\n'));
  return script;
}

function mounts(name: string, folder: string, lower: string): string[] {
  const root = `${folder}/root`;
  return [
    ...beginScript(name, folder),
    `mount -t overlay -o lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work overlay ${root}`,
    `mount -t proc -o nosuid,nodev,noexec proc ${root}/proc`,
    // An init that finds /sys read-only leaves the machine's devices alone.
    `mount -t sysfs -o ro,nosuid,nodev,noexec sysfs ${root}/sys`,
    `mount -t tmpfs -o mode=755,nosuid,nodev tmpfs ${root}/run`,
    `mount -t tmpfs -o mode=755,nosuid tmpfs ${root}/dev`,
    ...Object.entries(devices).map(
      ([device, number]) => `mknod ${root}/dev/${device} ${number}; chmod 666 ${root}/dev/${device}`,
    ),
    `mkdir ${root}/dev/pts ${root}/dev/shm`,
    `mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts ${root}/dev/pts`,
    `mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs ${root}/dev/shm`,
    `ln -s pts/ptmx ${root}/dev/ptmx; ln -s /proc/self/fd ${root}/dev/fd`,
    `for n in 0 1 2; do ln -s /proc/self/fd/$n ${root}/dev/$(echo stdin stdout stderr | cut -d ' ' -f $((n + 1))); done`,
    ...mountProject(root),
    // All that is done with the tools of the outside ends here.
    `touch ${root}/run/prepare.sh; mount --bind ${folder}/prepare.sh ${root}/run/prepare.sh`,
    `if [ -e ${folder}/cgroup.sh ]; then mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 ${root}/sys/fs/cgroup; fi`,
    `mkdir ${root}/run/outside; cd ${root}; pivot_root . run/outside; cd /`,
  ];
}

function enter({ prepare, init, environment = {} }: OwnRoot): string[] {
  const words = Object.entries({ ...initEnvironment, ...environment }).map(
    ([key, value]) => `${key}=${value}`,
  );
  return [
    `export ${words.join(' ')}`,
    ...(prepare.length === 0 ? [] : ['/bin/sh /run/prepare.sh']),
    'umount /run/prepare.sh; rm /run/prepare.sh; umount -l /run/outside; rmdir /run/outside',
    `exec env -i ${words.join(' ')} ${init.join(' ')}`,
  ];
}
