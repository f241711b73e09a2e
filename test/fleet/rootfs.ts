import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
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

/** The root folder with that Nix, made once and kept. `/` for the machine's own. Others that want it wait. */
export async function rootfs(version: NixVersion): Promise<string> {
  if (version === '2.8') return '/';
  const suite = suites[version];
  const root = join(cache, `${suite}-${createHash('sha256').update(packages).digest('hex').slice(0, 8)}`);
  while (!existsSync(root)) {
    mkdirSync(cache, { recursive: true });
    const lock = `${root}.making`;
    if (takeLock(lock)) {
      try {
        await make(suite, version, root);
      } finally {
        rmSync(lock, { recursive: true, force: true });
      }
    } else await sleep(500);
  }
  return root;
}

/** A folder with the maker's process id; one whose maker is gone counts for nothing. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, String(process.pid)), '');
    return true;
  } catch {
    const [owner] = execFileSync('ls', [lock], { encoding: 'utf8' }).split('\n');
    if (owner !== undefined && owner !== '' && !existsSync(`/proc/${owner}`))
      rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

async function make(suite: string, version: string, root: string): Promise<void> {
  process.stderr.write(
    `Making a root folder with Nix ${version} (Debian ${suite}); this takes a minute or two, once\n`,
  );
  const folder = mkdtempSync(`${root}.partial-`);
  const args = ['--variant=minbase', `--include=${packages}`, suite, folder, debianMirror()];
  // nix-bin's configure step fails without a running system, which does no harm; whether Nix runs is what counts.
  await promisify(execFile)('debootstrap', args, { maxBuffer: 64 * 1024 * 1024 }).catch(() => undefined);
  try {
    const seen = execFileSync(
      'unshare',
      ['-m', '-p', '-f', 'sh', '-c', `mount -t proc proc ${folder}/proc && chroot ${folder} nix --version`],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    if (!seen.includes(`) ${version}`))
      throw new NoFleet(`Debian ${suite} has ${seen.trim()}, not ${version}`);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (error instanceof NoFleet) throw error;
    throw new NoFleet(`debootstrap could not make a root folder with Nix ${version} (Debian ${suite})`);
  }
  for (const name of ['nix', 'etc/nix', 'hostd', 'mnt']) mkdirSync(join(folder, name), { recursive: true });
  // Places to mount on.
  for (const name of ['usr/local/bin/node', 'etc/hosts']) writeFileSync(join(folder, name), '');
  // mkdtemp keeps others out; a root folder must let the host's users in.
  chmodSync(folder, 0o755);
  renameSync(folder, root);
}

/** The mirror that this machine's apt uses for Debian itself. */
function debianMirror(): string {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE) $(SUITE) $(ORIGIN)'], {
    encoding: 'utf8',
  });
  const line = sites.split('\n').find((entry) => entry.endsWith(' Debian') && !entry.includes('security'));
  const [site] = line?.split(' ') ?? [];
  if (site === undefined) throw new NoFleet('apt knows no Debian mirror');
  return site;
}
