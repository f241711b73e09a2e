import { randomBytes } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { statusOf } from './command-frame.ts';
import { type ShellSession, openShellSession } from './shell-session.ts';
import { shellCommandLine } from './remote-command.ts';
import type { Command, CommandResult, RunOptions, Transport } from './transport.ts';

interface QueuedCommand {
  command: Command;
  /** The command for a shell. */
  line: string;
  options: RunOptions;
  resolve: (result: CommandResult | Promise<CommandResult>) => void;
}

/** Commands in one batch. In a larger one the first waits for the last; one that hangs delays only its own batch. */
const maxBatchSize = 16;

interface BatchPolicy {
  /** Commands that arrive within this time of the first join its batch. Milliseconds. */
  collectMs: number;
  /** If no command of the batch ends for this time, one hangs: the rest are then run by themselves. Milliseconds. */
  batchTimeoutMs: number;
  /** Limits the batches that run at the same time. */
  shells: LimitFunction;
}

/** A quick local command takes some ten milliseconds. */
const onThisMachine: BatchPolicy = { collectMs: 0, batchTimeoutMs: 4_000, shells: pLimit(4) };
/** A small builder may take seconds to start Nix. Its transport counts the sessions. */
const onBuilder: BatchPolicy = {
  collectMs: 4,
  batchTimeoutMs: 8_000,
  shells: pLimit(Number.POSITIVE_INFINITY),
};

/** Runs the script of a batch, which ends with the mark. Null where it could not. */
type RunScript = ShellSession['run'];

/** By what tells two commands apart: a command that the batch has already runs once for both, as such commands only read. */
const waiting = new Map<Transport, Map<string, QueuedCommand>>();

/**
 * Runs a quick local command in one shell with others that are requested at the same moment. Forking is expensive when
 * the process is large, and a thousand builders may ask at once. If the batch times out, each command is run by itself.
 */
export function runInBatch(
  command: readonly string[],
  transport: Transport,
  options: RunOptions,
): Promise<CommandResult> {
  return enqueue({ command, options }, transport, onThisMachine);
}

/** The same transport, where {@link RunOptions.quick} commands share a shell session, which stays open for the next batch. */
export function batchingTransport(transport: Transport): Transport {
  const kept: ShellSession[] = [];
  const endAll = (): Promise<unknown> => Promise.all(kept.splice(0).map((shell) => shell.end()));
  const inSession: RunScript = async (script, mark, options) => {
    let shell = kept.pop();
    while (shell?.alive === false) shell = kept.pop();
    shell ??= openShellSession(transport);
    const output = await shell.run(script, mark, options);
    if (shell.alive) kept.push(shell);
    return output;
  };
  return {
    get name() {
      return transport.name;
    },
    run: async (command, options) => {
      if (options.quick === true) return enqueue({ command, options }, transport, onBuilder, inSession);
      // It may need the session.
      if (kept.length > 0) await endAll();
      return transport.run(command, options);
    },
    close: async () => {
      await endAll();
      await transport.close();
    },
  };
}

function enqueue(
  { command, options }: Pick<QueuedCommand, 'command' | 'options'>,
  transport: Transport,
  { collectMs, batchTimeoutMs, shells }: BatchPolicy,
  inKept?: RunScript,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const line = shellCommandLine(command);
    const key = `${options.timeoutMs} ${line}`;
    const others = waiting.get(transport);
    const same = others?.get(key);
    if (same !== undefined) {
      const first = same.resolve;
      same.resolve = (result) => {
        first(result);
        resolve(result);
      };
      return;
    }
    const own = { command, line, options, resolve };
    if (others !== undefined) {
      others.set(key, own);
      return;
    }
    const batch = new Map([[key, own]]);
    waiting.set(transport, batch);
    const start = (): void => {
      waiting.delete(transport);
      const all = [...batch.values()];
      for (let at = 0; at < all.length; at += maxBatchSize)
        void shells(() => runBatch(all.slice(at, at + maxBatchSize), transport, batchTimeoutMs, inKept));
    };
    if (collectMs === 0) setImmediate(start);
    else setTimeout(start, collectMs);
  });
}

async function runBatch(
  group: readonly QueuedCommand[],
  transport: Transport,
  batchTimeoutMs: number,
  inKept: RunScript | undefined,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const alone = ({ command, options }: QueuedCommand): Promise<CommandResult> =>
    transport.run(command, options);
  const byItself = group.length === 1;
  if (byItself && inKept === undefined) {
    const result = alone(first);
    first.resolve(result);
    await result.catch(() => undefined);
    return;
  }
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const end = `${mark}-end`;
  const lines = group.map(({ line }) => line);
  const script = `${marked(lines, mark)}\nprintf '\\n${end}\\n'; printf '\\n${end}\\n' >&2\n`;
  const started = performance.now();
  const { signal } = first.options;
  const silentMs = Math.min(
    ...group.map(({ options }) => options.timeoutMs),
    ...(byItself ? [] : [batchTimeoutMs]),
  );
  // In a shell that stays each command tells of its end, so a slow machine may take long for all of them.
  const timeoutMs = byItself || inKept === undefined ? silentMs : batchTimeoutMs * group.length;
  const run: RunScript = inKept ?? ((text, _mark, options) => transport.run(text, options));
  const said = await run(script, end, { timeoutMs, silentMs, signal }).catch(() => null);
  const durationMs = performance.now() - started;
  const own =
    said === null ? null : { ...said, stdout: after(mark, said.stdout), stderr: after(mark, said.stderr) };
  const results = own === null || own.truncated ? [] : split(own, mark);
  for (const [index, asked] of group.entries()) {
    const result = results[index];
    const joined = own?.oneStream === true ? { oneStream: true as const } : {};
    const whole = { signal: null, timedOut: false, truncated: false, durationMs, ...joined };
    if (result !== undefined) asked.resolve({ ...result, ...whole });
    else if (byItself && own?.timedOut === true)
      asked.resolve({ ...own, ...whole, exitCode: null, timedOut: true });
    else asked.resolve(alone(asked));
  }
}

/** Each command, followed by the mark and its status on standard output, and the mark on standard error. */
function marked(lines: readonly string[], mark: string): string {
  const all = lines.map((line) => `${line}; echo "${mark} $?"; echo ${mark} >&2`);
  // An empty standard input that needs no /dev/null, which may be closed to the user.
  return `: | { ${[`echo ${mark}; echo ${mark} >&2`, ...all].join('\n')}\n}`;
}

/** Without the output of start-up files, and of processes that an earlier batch left behind. */
function after(mark: string, text: string): string {
  const line = `${mark}\n`;
  const at = text.indexOf(line);
  return at < 0 ? '' : text.slice(at + line.length);
}

/** What each command wrote, as far as they came. */
function split(
  { stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>,
  mark: string,
): Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr'>[] {
  const errors = stderr.split(`${mark}\n`);
  return stdout.split(`${mark} `).flatMap((part, index, parts) => {
    const status = /^\d+\n/.exec(parts[index + 1] ?? '')?.[0];
    if (status === undefined) return [];
    // But for the first, a part begins with the status of the command before.
    const rest = index === 0 ? part : part.replace(/^\d+\n/, '');
    // Where both streams are one, the marks of standard error are here too.
    const own = rest.replaceAll(`${mark}\n`, '');
    return [{ exitCode: statusOf(status), stdout: own, stderr: errors[index] ?? '' }];
  });
}
