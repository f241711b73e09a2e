import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostSpec } from './profile.ts';
import { beginScript, initEnvironment, inside, project } from './start-script.ts';

export interface OwnRoot {
  /** The root folder under the overlay: a cached one, or this machine's. It is never written to. */
  lower: string;
  /** Text of files that the host has over those of the root folder, by path. Mode 644, of /etc/shadow 640. */
  files: Readonly<Record<string, string>>;
  /**
   * Folders that hold nothing of the root folder's: where they lie in the host's folder, by path. They are no part of the
   * overlay.
   */
  folders?: Readonly<Record<string, string>>;
  /** Shell that root runs inside before the first process. */
  prepare: readonly string[];
  /** Program and words of the first process. */
  init: readonly string[];
  /** Its environment, besides PATH, HOME and USER. */
  environment?: Readonly<Record<string, string>>;
}

/** Nodes are copied, never bound: who owns the host may change owner and mode. */
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

const deviceLinks = {
  ptmx: 'pts/ptmx',
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
} as const;

/**
 * Writes the script of a first process that has a whole root file system of its own: an overlay over the root folder, whose
 * upper part lies in the host's folder. Returns its path. The host keeps nothing of the outside's mounts, so that user
 * namespaces, which Nix's sandbox needs, can be made in it.
 */
export function layOutOwnRoot({ name, folder }: HostSpec, own: OwnRoot): string {
  const mountPoints = Object.keys(own.folders ?? {}).map((path) => join('upper', path));
  for (const part of ['upper', 'work', 'root', 'links', ...mountPoints])
    mkdirSync(join(folder, part), { recursive: true });
  for (const [link, target] of Object.entries(deviceLinks)) symlinkSync(target, join(folder, 'links', link));
  const write = (path: string, text: string): void => {
    const file = join(folder, 'upper', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: path === '/etc/shadow' ? 0o640 : 0o644 });
  };
  for (const [path, text] of Object.entries(own.files)) write(path, text);
  const lines = (file: string, text: readonly string[]): void =>
    writeFileSync(join(folder, file), text.map((line) => `${line}\n`).join(''));
  lines('fstab', fileSystems(`${folder}/root`));
  lines('fstab.own', ownMounts(folder, own));
  if (own.prepare.length > 0) lines('prepare.sh', ['set -eu', ...own.prepare]);
  lines('start.sh', [...mounts(name, folder, own), ...enter(own)]);
  return join(folder, 'start.sh');
}

/** As lines of fstab: one `mount` mounts them all, where one for each would take most of the time that a host takes to start. */
function fileSystems(root: string): string[] {
  return [
    `proc ${root}/proc proc nosuid,nodev,noexec`,
    // An init that finds /sys read-only leaves the machine's devices alone.
    `sysfs ${root}/sys sysfs ro,nosuid,nodev,noexec`,
    `tmpfs ${root}/run tmpfs mode=755,nosuid,nodev`,
    `tmpfs ${root}/dev tmpfs mode=755,nosuid`,
    `devpts ${root}/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5,x-mount.mkdir`,
    `tmpfs ${root}/dev/shm tmpfs mode=1777,nosuid,nodev,x-mount.mkdir`,
  ];
}

/** The project and this program's Node, and what is the host's own. */
function ownMounts(folder: string, { folders = {}, prepare }: OwnRoot): string[] {
  const root = `${folder}/root`;
  return [
    `${project} ${root}${inside.project} none bind,ro,x-mount.mkdir`,
    `${process.execPath} ${root}${inside.node} none bind`,
    ...Object.entries(folders).map(([path, from]) => `${folder}/${from} ${root}${path} none bind`),
    ...(prepare.length === 0 ? [] : [`${folder}/prepare.sh ${root}/run/prepare.sh none bind`]),
  ];
}

function mounts(name: string, folder: string, { lower, prepare }: OwnRoot): string[] {
  const root = `${folder}/root`;
  return [
    ...beginScript(name, folder),
    // Volatile: all is thrown away with the host, and waits for no disk.
    `overlay() { mount -t overlay -o volatile,lowerdir=${lower},upperdir=$1/upper,workdir=$1/work overlay ${root}; }`,
    // In a container, the host's folder may lie on an overlay, and the kernel takes none as the upper part of another.
    `if ! overlay ${folder}; then`,
    `  mkdir ${folder}/memory; mount -t tmpfs -o mode=755 tmpfs ${folder}/memory`,
    `  cp -a ${folder}/upper ${folder}/work ${folder}/memory; overlay ${folder}/memory`,
    'fi',
    `mount -a -T ${folder}/fstab`,
    `cp -a ${devices.map((device) => `/dev/${device}`).join(' ')} ${folder}/links/* ${root}/dev`,
    `: > ${root}${inside.node}`,
    ...(prepare.length === 0 ? [] : [`: > ${root}/run/prepare.sh`]),
    `mount -a -T ${folder}/fstab.own`,
    // All that is done with the tools of the outside ends here.
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
    ...(prepare.length === 0 ? [] : ['/bin/sh /run/prepare.sh; umount /run/prepare.sh; rm /run/prepare.sh']),
    'umount -l /run/outside; rmdir /run/outside',
    `exec env -i ${words.join(' ')} ${init.join(' ')}`,
  ];
}
