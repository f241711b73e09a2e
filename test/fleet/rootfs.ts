import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { NoFleet } from './packages.ts';

/** Versions of Nix that the fleet knows: Debian 12's own, and those of newer suites in root folders of their own. */
export type NixVersion = '2.8' | '2.26' | '2.34';

const suites: Readonly<Record<Exclude<NixVersion, '2.8'>, string>> = { '2.26': 'trixie', '2.34': 'sid' };

/** In each root folder; another list makes another folder. */
const packages = 'nix-bin,openssh-server,openssh-client';

const cache = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'nix-remote-builder-doctor',
  'rootfs',
);

/** The root folder with that Nix, made once and kept. `/` for the machine's own. */
export async function rootfs(version: NixVersion): Promise<string> {
  return version === '2.8' ? '/' : cachedRootfs({ version, suite: suites[version], architecture: 'amd64' });
}

/** The root folder of Debian for arm64 with that Nix. binfmt_misc must know the emulator by then. */
export function armRootfs(version: NixVersion): Promise<string> {
  const suite = version === '2.8' ? 'bookworm' : suites[version];
  return cachedRootfs({ version, suite, architecture: 'arm64' });
}

interface RootfsSpec {
  version: NixVersion;
  suite: string;
  /** Debian's name of it. */
  architecture: 'amd64' | 'arm64';
}

function cachedRootfs(spec: RootfsSpec): Promise<string> {
  const content = spec.architecture === 'amd64' ? packages : `${packages} ${spec.architecture}`;
  return cachedRoot(spec.suite, content, (folder) => make(spec, folder));
}

/**
 * A root folder that is made once and kept; others that want it meanwhile wait. `contents` says what it is made from:
 * where that changes, another folder is made. `fill` fills the empty folder, or throws.
 */
export async function cachedRoot(
  name: string,
  contents: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const root = join(cache, `${name}-${createHash('sha256').update(contents).digest('hex').slice(0, 8)}`);
  while (!existsSync(root)) {
    mkdirSync(cache, { recursive: true });
    const lock = `${root}.making`;
    if (takeLock(lock)) {
      try {
        // Another may have made it since we looked.
        if (!existsSync(root)) await fillOnce(root, fill);
      } finally {
        rmSync(lock, { force: true });
      }
    } else await sleep(500);
  }
  return root;
}

async function fillOnce(root: string, fill: (folder: string) => Promise<void>): Promise<void> {
  process.stderr.write(`Making the root folder ${basename(root)}; this takes a few minutes, once\n`);
  // What a maker left that was killed. Its mounts went with it: they were in a namespace of its own.
  for (const name of readdirSync(cache)) {
    if (name.startsWith(`${basename(root)}.partial-`))
      rmSync(join(cache, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(`${root}.partial-`);
  // Others than root go through it too.
  chmodSync(folder, 0o755);
  try {
    await fill(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  renameSync(folder, root);
}

/** A file with the maker's process id, made whole at once; one whose maker is gone counts for nothing. */
function takeLock(lock: string): boolean {
  const own = `${lock}-${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lock);
    return true;
  } catch {
    const owner = read(lock);
    if (owner !== null && !existsSync(`/proc/${owner}`)) rmSync(lock, { force: true });
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

async function make({ version, suite, architecture }: RootfsSpec, folder: string): Promise<void> {
  // A root folder that is lost with the machine's power is made again.
  const quick = join(folder, 'etc/dpkg/dpkg.cfg.d/without-sync');
  mkdirSync(dirname(quick), { recursive: true });
  writeFileSync(quick, 'force-unsafe-io\n');
  // nix-bin's configure step fails without a running system, which does no harm; whether Nix runs is what counts.
  const debootstrap = await inNamespaces([
    'debootstrap',
    '--variant=minbase',
    `--arch=${architecture}`,
    `--include=${packages}`,
    ...[suite, folder, debianMirror()],
  ]);
  const mountProc = 'mount -t proc proc "$0/proc" && chroot "$0" nix --version';
  const nix = await inNamespaces(['sh', '-c', mountProc, folder]);
  const found = /^nix \(Nix\) 2\.(\d+)/.exec(nix)?.[1];
  if (found === undefined || Number(found) < Number(version.slice(2))) {
    const why =
      found === undefined
        ? (/^[EW]: .*/m.exec(debootstrap)?.[0] ?? debootstrap.trim())
        : `it has ${nix.trim()}`;
    throw new NoFleet(`no root folder with Nix ${version} could be made from Debian ${suite}: ${why}`);
  }
  // sid moves on; a newer Nix is better than no test at all.
  if (`2.${found}` !== version)
    process.stderr.write(`Debian ${suite} has ${nix.trim()}, which stands in for ${version}\n`);
  rmSync(quick);
  rmSync(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
}

/** What a command says that may mount, and that ends with this process. Its exit code is of no interest. */
export async function inNamespaces(argv: readonly string[]): Promise<string> {
  const words = ['--pdeathsig', 'KILL', 'unshare', '--kill-child=KILL', '-m', '-p', '-f', '--mount-proc'];
  const maxBuffer = 64 * 1024 * 1024;
  try {
    return (await promisify(execFile)('setpriv', [...words, ...argv], { maxBuffer })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return stdout + stderr;
  }
}

/** The mirror that this machine's apt uses for Debian itself. */
export function debianMirror(): string {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE) $(SUITE) $(ORIGIN)'], {
    encoding: 'utf8',
  });
  const line = sites.split('\n').find((entry) => entry.endsWith(' Debian') && !entry.includes('security'));
  const [site] = line?.split(' ') ?? [];
  if (site === undefined) throw new NoFleet('apt knows no Debian mirror');
  return site;
}
