import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { NoFleet } from '../../packages.ts';
import { cachedRoot, debianMirror, inNamespaces, type NixVersion } from '../../rootfs.ts';

const here = import.meta.dirname;

/** The stand-in for nixpkgs, as root's channel. */
export const channel = '/nix/var/nix/profiles/per-user/root/channels/nixos';

export type StorePaths = Readonly<Record<'bash' | 'coreutils' | 'util-linux' | 'nodejs', string>>;

/** Where the programs lie in a root folder's store. */
export function storePaths(root: string): StorePaths {
  const file = join(root, readlinkSync(join(root, channel)), 'paths.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { paths: StorePaths }).paths;
}

/** Debian's packages that the store paths are made of, and what makes them. */
const packages =
  'nix-bin,openssh-server,openssh-client,systemd,dbus,libpam-systemd,patchelf,busybox-static,procps,iproute2,gawk,less,perl,sudo';

const suites = { '2.34': 'sid', '2.26': 'trixie' } as const;

/** Makes, in Debian's root folder, the store and the first system. */
const makeStore = `set -eu
export HOME=/root NIX_CONFIG="sandbox = false
build-users-group =
substituters ="
cd /tmp/nixos
nix-build --no-out-link packages.nix >/dev/null
nix-instantiate --eval --strict --json -E 'builtins.mapAttrs (_: p: builtins.unsafeDiscardStringContext "\${p}") (import ./packages.nix)' > paths
auth=$([ -e /usr/lib/openssh/sshd-auth ] && echo true || echo false)
version=$(nix --version | sed 's/.* //; s/+.*//')
printf '{"nixVersion":"%s","system":"x86_64-linux","sshdAuth":%s,"paths":%s}' "$version" "$auth" "$(cat paths)" > nixpkgs-stand-in/paths.json
channel=$(nix-store --add nixpkgs-stand-in)
mkdir -p /nix/var/nix/profiles/per-user/root/channels
ln -sfn "$channel" ${channel}
echo '{ services.openssh.enable = true; }' > configuration.nix
system=$(nix-build --no-out-link "$channel" --arg configuration ./configuration.nix)
nix-env -p /nix/var/nix/profiles/system --set "$system"
`;

/** A root folder in the layout of NixOS: a store with all programs, and nothing but links to it elsewhere. */
export function nixosRoot(version: NixVersion): Promise<string> {
  const suite = suites[version as keyof typeof suites];
  return cachedRoot(
    `nixos-${suite}`,
    [packages, makeStore, process.version, ...sources()].join('\n'),
    (folder) => fill(suite, folder),
  );
}

function sources(): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(nix|sh|service|socket)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(here, name), 'utf8'));
}

/** The Debian whose programs become store paths. */
function debianRoot(suite: string): Promise<string> {
  return cachedRoot(`nixos-from-${suite}`, packages, async (folder) => {
    const words = ['--variant=minbase', `--include=${packages}`, suite, folder, debianMirror()];
    const said = await inNamespaces(['debootstrap', ...words]);
    if (!existsSync(join(folder, 'usr/bin/patchelf')) || !existsSync(join(folder, 'usr/bin/nix')))
      throw new NoFleet(`no root folder of Debian ${suite} could be made: ${said.slice(-2000)}`);
  });
}

async function fill(suite: string, folder: string): Promise<void> {
  const debian = await debianRoot(suite);
  const [upper = '', work = '', root = ''] = ['upper', 'work', 'root'].map((part) =>
    join(`${folder}.store`, part),
  );
  try {
    const inside = join(upper, 'tmp/nixos');
    for (const part of [inside, work, root]) mkdirSync(part, { recursive: true });
    cpSync(here, inside, { recursive: true });
    cpSync(process.execPath, join(inside, 'node'), { dereference: true });
    writeFileSync(join(inside, 'make.sh'), makeStore);
    const script = [
      `mount -t overlay -o lowerdir=${debian},upperdir=${upper},workdir=${work} overlay "$0"`,
      'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" sh /tmp/nixos/make.sh',
    ].join('; ');
    const made = await inNamespaces(['sh', '-c', script, root]);
    if (lstatSync(join(upper, 'nix/var/nix/profiles/system'), { throwIfNoEntry: false }) === undefined)
      throw new NoFleet(`no store of NixOS's layout could be made: ${made.slice(-3000)}`);
    lay(upper, folder);
  } finally {
    rmSync(`${folder}.store`, { recursive: true, force: true });
  }
}

/** The folders of NixOS's root before its first activation. */
function lay(made: string, folder: string): void {
  renameSync(join(made, 'nix'), join(folder, 'nix'));
  const folders = [
    'bin',
    'dev',
    'etc/nixos',
    'home',
    'proc',
    'root',
    'run',
    'sys',
    'tmp',
    'usr/bin',
    'var/log',
    'var/empty',
  ];
  for (const name of folders)
    mkdirSync(join(folder, name), { recursive: true, mode: name === 'root' ? 0o700 : 0o755 });
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\n');
  symlinkSync(`${storePaths(folder)['bash']}/bin/sh`, join(folder, 'bin/sh'));
}
