import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { NoFleet } from '../../packages.ts';
import { cachedRoot, debianMirror, inNamespaces, type NixVersion, rootfs } from '../../rootfs.ts';

const here = import.meta.dirname;

/** Debian's package lacks applets that Alpine's has, so it is built from Debian's source with busybox's defaults. */
const busyboxSource = {
  path: 'pool/main/b/busybox/busybox_1.37.0.orig.tar.bz2',
  sha256: '3311dff32e746499f4df0d5df04d7eb396382d7e108bb9250e7b519b837043a4',
};

/** `tc` does not build with headers of a newer Linux. */
const buildBusybox = `set -eu
cd "$0"
tar xf source.tar.bz2 --strip-components=1
make -s defconfig >/dev/null
sed -i 's/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=y/; s/^CONFIG_TC=y/CONFIG_TC=n/' .config
yes '' | make -s oldconfig >/dev/null
make -s -j "$1" busybox
mv busybox ../busybox`;

/** A root folder in the layout of Alpine, with that Nix and busybox's applets. Made once and kept. */
export async function alpineRoot(version: NixVersion): Promise<string> {
  const debian = await rootfs(version);
  const busybox = join(await busyboxFolder(), 'busybox');
  return cachedRoot(`alpine-${version}`, [debian, busybox, ...sources()].join('\n'), (folder) =>
    fill(debian, busybox, folder),
  );
}

function sources(): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => join(here, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'utf8'));
}

function busyboxFolder(): Promise<string> {
  const { path, sha256 } = busyboxSource;
  return cachedRoot('busybox', sha256 + buildBusybox, async (folder) => {
    const source = join(folder, 'source');
    mkdirSync(source);
    const url = `${debianMirror().replace(/\/?$/, '/')}${path}`;
    const file = join(source, 'source.tar.bz2');
    execFileSync('/usr/lib/apt/apt-helper', ['download-file', url, file, `SHA256:${sha256}`]);
    const said = await inNamespaces(['sh', '-c', buildBusybox, source, String(cpus().length)]);
    rmSync(source, { recursive: true });
    if (!existsSync(join(folder, 'busybox')))
      throw new NoFleet(`busybox cannot be built: ${said.slice(-2000)}`);
  });
}

/** Debian's folder is only read: what is downloaded and made goes to a layer over it. */
async function fill(debian: string, busybox: string, folder: string): Promise<void> {
  const layers = `${folder}.layers`;
  const [upper = '', work = '', root = ''] = ['upper', 'work', 'root'].map((part) => join(layers, part));
  const made = join(upper, 'mnt/made');
  try {
    for (const part of [made, join(upper, 'mnt/root'), work, root]) mkdirSync(part, { recursive: true });
    cpSync(here, made, { recursive: true });
    cpSync(busybox, join(made, 'busybox'));
    cpSync('/etc/resolv.conf', join(upper, 'etc/resolv.conf'), { dereference: true });
    const script = [
      `mount -t overlay -o lowerdir=${debian},upperdir=${upper},workdir=${work} overlay "$0"`,
      `mount --bind ${folder} "$0/mnt/root"; mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/tmp"`,
      'mount --rbind /dev "$0/dev"; exec chroot "$0" sh /mnt/made/make-root.sh',
    ].join('; ');
    const said = await inNamespaces(['sh', '-c', script, root]);
    if (!existsSync(join(folder, 'etc/whole')))
      throw new NoFleet(`no root folder of Alpine's layout could be made: ${said.slice(-3000)}`);
    rmSync(join(folder, 'etc/whole'));
  } finally {
    rmSync(layers, { recursive: true, force: true });
  }
}
