import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a real Nix is set to, and what it is to build. */
export interface Situation {
  settings: Readonly<Record<string, string>>;
  system: string;
  requiredFeatures: readonly string[];
  preferLocalBuild: boolean;
  /** Slot files that another holds. */
  busy: readonly string[];
}

/**
 * Where the build went: a builder by its URI, an external program by its number, this machine, or nowhere.
 * `refused`: Nix takes the settings for wrong. `waits`: for a slot, until one is free.
 */
export type Decided =
  | { to: 'builder'; uri: string }
  | { to: 'external'; program: string }
  | { to: 'here' | 'waits' | 'refused' | 'nowhere' };

/** Where the root folder sees the folder of the build. Programs are in `bin` of it. */
export const place = '/mnt';

/** An external program that says that the build begins (Nix waits for the byte 2), its name, and makes the outputs. */
const external = `#!/bin/sh
for file; do :; done
printf '\\002\\nexternal program %s\\n' "$0"
for path in $(sed -n 's/.*"outputs":{\\([^}]*\\)}.*/\\1/p' "$file" | tr ',' '\\n' | sed 's/^"[^"]*":"\\([^"]*\\)"$/\\1/'); do echo made > "$path"; done
`;

const script = `
set -e
folder=$0 root=$1; shift
mount --bind "$folder" "$root${place}"
[ "$root" = / ] || mount --rbind /proc "$root/proc"
[ "$root" = / ] || mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  exec {fd}<>"$folder/state/current-load/$1"; flock -n "$fd"; shift
done
shift
exec chroot "$root" "$@"`;

/** Starts one real build with folders of its own, and returns what Nix said until it was clear where it goes. */
export async function decideReally(
  root: string,
  now: Situation,
): Promise<{ decision: Decided; log: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'decision-'));
  try {
    for (const name of ['store', 'state', 'conf', 'log', 'bin', 'tmp']) mkdirSync(join(folder, name));
    mkdirSync(join(folder, 'state', 'current-load'));
    for (const name of ['one', 'two']) writeFileSync(join(folder, 'bin', name), external, { mode: 0o755 });
    writeFileSync(join(folder, 'bin', 'not-executable'), external, { mode: 0o644 });
    for (const name of now.busy) writeFileSync(join(folder, 'state', 'current-load', name), '');
    const { log, exitCode } = await run(root, folder, now);
    return { decision: read(log, exitCode), log };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

function expression({ system, requiredFeatures, preferLocalBuild }: Situation): string {
  const features = requiredFeatures.map((feature) => `"${feature}"`).join(' ');
  return `derivation { name = "x"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; requiredSystemFeatures = [ ${features} ]; preferLocalBuild = ${preferLocalBuild}; }`;
}

const waiting = /waiting for a machine to build/;
const onBuilder = /^building '.*' on '(.*)'/m;

function run(
  root: string,
  folder: string,
  now: Situation,
): Promise<{ log: string; exitCode: number | null }> {
  const settings = { 'build-users-group': '', sandbox: 'false', substitute: 'false', ...now.settings };
  return new Promise((resolve, reject) => {
    const child = spawn(
      'unshare',
      [
        ...['-m', '-p', '-f', '--kill-child=KILL', 'bash', '-c', script, folder, root, ...now.busy, '--'],
        ...['nix-build', '--no-out-link', '-E', expression(now)],
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: place,
          TMPDIR: `${place}/tmp`,
          NIX_STORE_DIR: `${place}/store`,
          NIX_STATE_DIR: `${place}/state`,
          NIX_CONF_DIR: `${place}/conf`,
          NIX_LOG_DIR: `${place}/log`,
          NIX_CONFIG: Object.entries(settings)
            .map(([name, value]) => `${name} = ${value}`)
            .join('\n'),
        },
        timeout: 20_000,
        killSignal: 'SIGKILL',
      },
    );
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      if (waiting.test(log) || onBuilder.test(log)) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ log: log.replace(/\u001b\[[0-9;]*m/g, ''), exitCode }));
  });
}

function read(log: string, exitCode: number | null): Decided {
  const [, uri] = onBuilder.exec(log) ?? [];
  if (uri !== undefined) return { to: 'builder', uri };
  const [, program] = /(?:external program |executing ")([^\s"]+)/.exec(log) ?? [];
  if (program !== undefined) return { to: 'external', program };
  if (waiting.test(log)) return { to: 'waits' };
  if (/^error: parsing setting/m.test(log)) return { to: 'refused' };
  return { to: exitCode === 0 ? 'here' : 'nowhere' };
}
