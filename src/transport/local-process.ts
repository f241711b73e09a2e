import { setTimeout as sleep } from 'node:timers/promises';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import { Capped } from './capped-output.ts';
import { guardGroup } from './process-guard.ts';
import { giveInput } from './command-input.ts';
import {
  type Command,
  type CommandResult,
  type RunOptions,
  type Transport,
  TransportError,
} from './transport.ts';

/** Between SIGTERM and SIGKILL for the whole process group. */
const killAfterMs = 2000;
/** How long a process that has ended may still hold its pipes through a child of its own. */
const pipeGraceMs = 250;

/** Where and how commands run on this machine. */
export interface ClientPlace {
  env: Record<string, string>;
  cwd?: string;
  /** Words before each command, as of a {@link DaemonPlace}. */
  enter?: readonly string[];
}

/**
 * Runs commands on this machine, with exactly the given environment, in a session of their own: there is no
 * terminal that a program could ask on, and the timeout ends whatever the command started.
 */
export function clientTransport(place: ClientPlace): Transport {
  return {
    name: 'client',
    run: (command, options) => runLocally(command, place, options),
    close: () => Promise.resolve(),
  };
}

async function runLocally(
  command: Command,
  { env, cwd, enter = [] }: ClientPlace,
  { timeoutMs, signal, stdin, onOutput }: RunOptions,
): Promise<CommandResult> {
  const { execa } = await import('execa');
  // Starting a process is dear for a program with much memory.
  await yieldToEventLoop();
  if (signal.aborted) throw new TransportError('spawn', 'cancelled before it started');
  const [name = '', ...rest] = typeof command === 'string' ? ['sh', '-c', command] : command;
  // The PATH of Nix's daemon on NixOS holds no shell.
  const [file = '', ...args] = [...enter, name === 'sh' ? '/bin/sh' : name, ...rest];
  const started = performance.now();
  const child = execa(file, args, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    encoding: 'buffer',
    stdin: stdin === undefined ? 'ignore' : 'pipe',
  });
  const ended = guardGroup(child.pid);
  const stdout = new Capped();
  const stderr = new Capped();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.add(chunk);
    onOutput?.('stdout', chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.add(chunk);
    onOutput?.('stderr', chunk);
  });
  child.stdin?.on('error', () => undefined);
  if (child.stdin !== null) void giveInput(stdin, child.stdin);

  let timedOut = false;
  const wasEnded = (): boolean => timedOut || signal.aborted;
  let force: NodeJS.Timeout | undefined;
  const end = (): void => {
    killGroup(child.pid, 'SIGTERM');
    force ??= setTimeout(() => killGroup(child.pid, 'SIGKILL'), killAfterMs);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  child.once('exit', () => {
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, pipeGraceMs).unref();
  });

  try {
    const result = await child;
    if (child.pid === undefined)
      throw new TransportError('spawn', `${file}: ${result.originalMessage ?? 'cannot be started'}`);
    return {
      exitCode: wasEnded() ? null : (result.exitCode ?? child.exitCode),
      signal: result.signal ?? child.signalCode,
      stdout: stdout.text(),
      stderr: stderr.text(),
      durationMs: performance.now() - started,
      timedOut,
      truncated: stdout.truncated || stderr.truncated,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    // The shell is gone at once, but what it started may still be tidying up.
    if (wasEnded()) await groupEnds(child.pid);
    // Whatever the command left in its group goes with it.
    killGroup(child.pid, 'SIGKILL');
    ended();
    clearTimeout(force);
  }
}

/** Waits until a process group that was told to end has ended, or its time is up. */
async function groupEnds(pid: number | undefined): Promise<void> {
  for (const end = performance.now() + killAfterMs; performance.now() < end;) {
    if (!killGroup(pid, 0)) return;
    await sleep(10);
  }
}

/** False: the group is gone. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
