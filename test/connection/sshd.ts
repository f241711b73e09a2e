import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { clientTransport } from '../../src/transport/local-process.ts';
import { type AskedConfig, resolveSshConfig } from '../../src/ssh/effective-config.ts';
import { nixSshWords } from '../../src/ssh/nix-ssh-words.ts';

/** The environment of a daemon: no agent, no display. */
export const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
export const never = new AbortController().signal;

/** A real sshd on a free port of 127.0.0.1, and a client configuration that reaches it as `builder`. */
export interface Sshd {
  folder: string;
  port: number;
  pid: number;
  /** What it wrote to its log so far. */
  log(): string;
  /** The words that Nix would give to ssh, and what `ssh -G` makes of them. */
  words(extra?: string): string[];
  asked(extra?: string): Promise<AskedConfig>;
  stop(): void;
  gone(): boolean;
}

/** Makes keys in `folder`: `id` (authorized), `host_ed25519`, `host_ecdsa`. */
function makeKeys(folder: string): void {
  for (const [name, type] of [
    ['id', 'ed25519'],
    ['host_ed25519', 'ed25519'],
    ['host_ecdsa', 'ecdsa'],
  ] as const) {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, name)]);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts sshd with more lines for its configuration; it ends with the test. */
export async function startSshd(t: Test, lines: readonly string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'sshd-'));
  const file = (name: string): string => join(folder, name);
  makeKeys(folder);
  const port = await freePort();
  writeFileSync(file('authorized_keys'), readFileSync(file('id.pub')));
  writeFileSync(file('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(file('host_ed25519.pub'), 'utf8')}`);
  writeFileSync(
    file('sshd_config'),
    [
      ...lines,
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${file('host_ed25519')}`,
      `HostKey ${file('host_ecdsa')}`,
      `AuthorizedKeysFile ${file('authorized_keys')}`,
      `PidFile none`,
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'LogLevel VERBOSE',
      // bash under sshd reads this machine's ~/.bashrc unless it looks like an inner shell.
      'SetEnv SHLVL=2',
      '',
    ].join('\n'),
  );
  // The separated half of sshd wants this folder where sshd runs as root.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('Server listening')) {
    if (child.exitCode !== null) throw new Error(`sshd ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stop = (): void => {
    child.kill('SIGKILL');
    child.stderr.destroy();
  };
  t.teardown(() => {
    stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const words = (extra = ''): string[] =>
    nixSshWords({
      host: '127.0.0.1',
      user: userInfo().username,
      port,
      sshKey: file('id'),
      compress: false,
      knownHostsFile: file('known_hosts'),
      nixSshOpts: `-F none -oGlobalKnownHostsFile=/dev/null ${extra}`,
      nixVersion: '2.34.8',
    });
  return {
    folder,
    port,
    pid: child.pid ?? 0,
    log: () => said,
    words,
    asked: (extra) => resolveSshConfig(words(extra), clientTransport({ env }), never),
    stop,
    gone: () => child.signalCode !== null,
  };
}

/** Ids of the processes whose command line has the marker. */
export function processesWith(marker: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
      } catch {
        return false;
      }
    });
}

/** Waits for something that happens soon; false when it does not. */
export async function soon(happened: () => boolean, withinMs = 3_000): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end;) {
    if (happened()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return happened();
}

/** Says that the promise fails with an error that looks like this. */
export async function fails(
  t: Test,
  promise: Promise<unknown>,
  wanted: object,
  message?: string,
): Promise<void> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  t.match(error, wanted, message ?? 'it fails');
}
