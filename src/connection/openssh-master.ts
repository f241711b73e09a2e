import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Capped } from '../transport/capped-output.ts';
import { fitsSocket } from './control-path.ts';
import { learnsNoHostKeys } from '../ssh/nix-ssh-words.ts';
import { TransportError } from '../transport/transport.ts';

/** A logged-in `ssh` that others share through its socket. */
export interface Master {
  socket: string;
  close(): Promise<void>;
}

export interface MasterOptions {
  words: readonly string[];
  env: Record<string, string>;
  /** Words before the program that starts it. */
  enter?: readonly string[];
  /** A private folder. */
  folder: string;
  timeoutMs: number;
  signal: AbortSignal;
}

const pollMs = 10;
const endWithinMs = 2_000;

/**
 * Holds ssh as long as this process lives, for the reader's end of file is the death of this process, whatever it
 * died of; and ends with ssh's status.
 */
const holder =
  'exec 3<&0; ssh "$@" & ssh=$!; (read -r end <&3; kill "$ssh") 2>/dev/null & reader=$!; wait "$ssh"; status=$?; kill "$reader"; exit "$status"';

/**
 * Logs in with the real `ssh` and keeps the connection. `words` are Nix's own; what they say of local commands is left
 * out. Throws {@link TransportError}: `spawn`, `connect`, `host-key` or `auth`.
 */
export async function startMaster(input: MasterOptions): Promise<Master> {
  const { env, enter = [], timeoutMs, signal } = input;
  if (signal.aborted)
    throw new TransportError('connect', 'cancelled before it started', { reason: 'cancelled' });
  const folder = await mkdtemp(
    join(fitsSocket(join(input.folder, 'cm-XXXXXX/s')) ? input.folder : '/tmp', 'cm-'),
  );
  const socket = join(folder, 's');
  const words = input.words.filter((word) => !/^(--$|-o(Permit)?LocalCommand=)/.test(word));
  // The first value of an option wins in ssh, so ours come before Nix's; of `-S` the last.
  const own = [
    '-M',
    '-N',
    '-oControlPersist=no',
    '-oPermitLocalCommand=no',
    '-oClearAllForwardings=yes',
    '-oBatchMode=yes',
    learnsNoHostKeys,
  ];
  const ssh = hold([...enter, '/bin/sh', '-c', holder, 'sh', ...own, ...words, '-S', socket], env);
  const close = async (): Promise<void> => {
    await ssh.end();
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = performance.now() + timeoutMs;
  const failure = (): TransportError | undefined => {
    if (signal.aborted) return cancelled();
    return ssh.failure() ?? (performance.now() > deadline ? late(timeoutMs) : undefined);
  };
  while (!existsSync(socket)) {
    const error = failure();
    if (error !== undefined) {
      await close();
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return { socket, close };
}

/** Starts ssh under the holder. `failure` tells why it ended, once it has. */
function hold(
  [program = '', ...words]: readonly string[],
  env: Record<string, string>,
): { failure: () => TransportError | undefined; end: () => Promise<void> } {
  const child = spawn(program, words, {
    env,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const stderr = new Capped(16 * 1024);
  let failure: TransportError | undefined;
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      failure = new TransportError('spawn', `sh: ${error.message}`, { cause: error });
      resolve();
    });
    child.on('close', () => {
      failure ??= loginError(stderr.text().trim());
      resolve();
    });
  });
  return {
    failure: () => failure,
    end: async () => {
      // The holder sees the end of its input and ends ssh, which takes its socket along.
      child.stdin.destroy();
      const timer = setTimeout(() => killGroup(child.pid), endWithinMs);
      await ended;
      clearTimeout(timer);
      // A ProxyCommand may have outlived its ssh.
      killGroup(child.pid);
    },
  };
}

function cancelled(): TransportError {
  return new TransportError('connect', 'cancelled', { reason: 'cancelled' });
}

function late(timeoutMs: number): TransportError {
  return new TransportError('connect', `no login within ${timeoutMs} ms`, { reason: 'timeout' });
}

/** ssh ends with 255 whatever went wrong; its words tell more. */
function loginError(said: string): TransportError {
  const message = said || 'ssh could not log in';
  if (/Permission denied|Too many authentication failures|No more authentication methods/i.test(said))
    return new TransportError('auth', message);
  if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/i.test(said))
    return new TransportError('host-key', message);
  if (/ssh: not found|ssh: command not found|ssh: No such file/i.test(said))
    return new TransportError('spawn', message);
  return new TransportError('connect', message, { reason: 'other' });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
