import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NoFleet } from './packages.ts';
import { cachedRoot, debianMirror } from './rootfs.ts';

/** What an admin installs for a builder besides what Debian's installer does, and the login shells. */
const packages =
  'nix-bin nix-setup-systemd openssh-server openssh-client sudo dbus libpam-systemd ca-certificates zsh fish tcsh busybox';

/**
 * Installs it as an admin does: the packages are configured, which makes the users that run builds and enables the units.
 * No service starts meanwhile. The host keys are removed: each host makes its own.
 */
const script = `set -e
suite=$1 root=$2 mirror=$3
debootstrap "$suite" "$root" "$mirror"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for node in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
  set -- $node; mknod -m 666 "$root/dev/$1" c "$2" "$3"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/pts"; mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"; ln -s pts/ptmx "$root/dev/ptmx"
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\\nexit 101\\n' > "$root/usr/sbin/policy-rc.d"; chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# A mirror may be a snapshot.
chroot "$root" apt-get -qq -o Acquire::Check-Valid-Until=false update
chroot "$root" apt-get -qq install -y --no-install-recommends ${packages}
chroot "$root" apt-get clean
[ -z "$(chroot "$root" dpkg --audit)" ]
rm "$root/usr/sbin/policy-rc.d" "$root"/etc/ssh/ssh_host_*
`;

/** A root folder of that Debian with Nix, OpenSSH and systemd, its packages configured. Made once and kept. */
export function debianRoot(suite: 'bookworm' | 'sid'): Promise<string> {
  return cachedRoot(`${suite}-systemd`, script, async (folder) => {
    const words = ['--pdeathsig', 'KILL', 'unshare', '--kill-child=KILL', '-m', '-p', '-f', '--mount-proc'];
    try {
      await promisify(execFile)(
        'setpriv',
        [...words, 'bash', '-c', script, 'make', suite, folder, debianMirror()],
        { maxBuffer: 64 * 1024 * 1024 },
      );
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new NoFleet(
        `no root folder of Debian ${suite} could be made: ${`${stdout}${stderr}`.slice(-2000)}`,
      );
    }
  });
}

/** A file of a root folder. */
export function readRoot(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
