import { spawn } from 'node:child_process';
import { guardGroup } from './process-guard.ts';
import { TransportError } from './transport.ts';

/** What a conversation with a local process saw. */
export interface Conversation {
  exitCode: number | null;
  signal: string | null;
  /** Raw bytes: wire protocols are not text. At most 64 KiB. */
  stdout: Buffer;
  stderr: string;
  durationMs: number;
  timedOut: boolean;
  /** Of a process that was kept, and so has neither exit code nor signal: lets it end, and waits until it has. */
  release?: () => Promise<void>;
}

interface ConverseOptions {
  env: Record<string, string>;
  /** Written at once; stdin then stays open until the answer is whole, for some servers drop an answer when their client hangs up. */
  send: Uint8Array;
  /** True when the bytes so far hold all that was asked for. */
  complete: (stdout: Buffer) => boolean;
  /** Asked when the answer is complete: true lets the process live on, with its stdin at its end. */
  keep?: (stdout: Buffer) => Promise<boolean>;
  /** Hears what it writes to standard error while it runs. */
  onStderr?: (chunk: Buffer) => void;
  timeoutMs: number;
  /** When it resolves, the time is up. */
  stalled?: Promise<void>;
  signal: AbortSignal;
}

const maxBytes = 64 * 1024;
const graceMs = 1500;

/**
 * Starts a process in a session of its own (so nothing can ask for a password on the terminal), sends bytes, and
 * listens until the answer is complete, the process ends, or time is up; then ends the whole process group.
 * Throws {@link TransportError} (`spawn`) when the program cannot be started.
 */
export function converse(argv: readonly string[], options: ConverseOptions): Promise<Conversation> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    // Nix, too, starts ssh in the root folder: a relative path means the same.
    const child = spawn(file, args, {
      env: options.env,
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.once('close', guardGroup(child.pid));
    let stdout = Buffer.alloc(0);
    let stderr = Buffer.alloc(0);
    let timedOut = false;
    let ending: NodeJS.Timeout | undefined;
    let answered = false;

    const kill = (signal: NodeJS.Signals): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group is gone already.
      }
    };
    const end = (graceLeft: number): void => {
      child.stdin.end();
      ending ??= setTimeout(() => {
        kill('SIGTERM');
        setTimeout(() => kill('SIGKILL'), 500).unref();
      }, graceLeft);
    };
    let settled = false;
    const timeUp = (): void => {
      // A login that goes on is not ended for that.
      if (settled) return;
      timedOut = true;
      end(0);
    };
    const timer = setTimeout(timeUp, options.timeoutMs);
    void options.stalled?.then(timeUp);
    const onAbort = (): void => end(0);
    options.signal.addEventListener('abort', onAbort, { once: true });
    if (options.signal.aborted) onAbort();

    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout.length < maxBytes) stdout = Buffer.concat([stdout, chunk]).subarray(0, maxBytes);
      if (answered) return;
      answered = options.complete(stdout);
      if (answered && options.keep !== undefined) void keepOrEnd(options.keep);
      else if (answered || stdout.length >= maxBytes) end(graceMs);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      options.onStderr?.(chunk);
      if (stderr.length < maxBytes) stderr = Buffer.concat([stderr, chunk]).subarray(0, maxBytes);
    });
    // EPIPE: the process ended without reading; its exit tells more.
    child.stdin.on('error', () => undefined);
    child.stdin.write(options.send);

    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      clearTimeout(ending);
      options.signal.removeEventListener('abort', onAbort);
    };
    const result = (exitCode: number | null, signal: string | null): Conversation => ({
      exitCode,
      signal,
      stdout,
      stderr: stderr.toString('utf8'),
      durationMs: performance.now() - started,
      timedOut,
    });
    const keepOrEnd = async (keep: (stdout: Buffer) => Promise<boolean>): Promise<void> => {
      const kept = await keep(stdout);
      if (!kept || ending !== undefined || child.exitCode !== null || child.signalCode !== null) {
        end(graceMs);
        return;
      }
      settle();
      child.stdin.end();
      const closed = new Promise((resolve) => child.once('close', resolve));
      const release = async (): Promise<void> => {
        end(graceMs);
        await closed;
      };
      resolve({ ...result(null, null), release });
    };
    child.on('error', (error) => {
      settle();
      reject(new TransportError('spawn', `${file}: ${error.message}`, { cause: error }));
    });
    // Something that outlives the process (a ControlPersist master) may hold its pipes open: do not wait for that.
    child.on('exit', () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 250).unref();
    });
    child.on('close', (exitCode, signal) => {
      settle();
      // A grandchild may live on in the group (a ControlPersist master is not ours: it left the group).
      kill('SIGKILL');
      resolve(result(exitCode, signal));
    });
  });
}
