import { randomBytes } from 'node:crypto';
import pLimit, { type LimitFunction } from 'p-limit';
import { remoteCommandLine } from './remote-command.ts';
import type { Command, CommandResult, RunOptions, Transport } from './transport.ts';

interface Asked {
  command: Command;
  options: RunOptions;
  resolve: (result: Promise<CommandResult>) => void;
}

/** Commands in one shell. More would make the first wait for the last, and one that hangs holds up its own shell only. */
const mostTogether = 16;

interface Gathering {
  /** Commands that are asked for within this time of the first are run together, in milliseconds. */
  withinMs: number;
  /** A shell that takes this long has one that hangs. */
  patienceMs: number;
  /** Shells that run at the same time. */
  shells: LimitFunction;
}

/** A quick local command takes some ten milliseconds. */
const onThisMachine: Gathering = { withinMs: 0, patienceMs: 4_000, shells: pLimit(4) };
/** A small builder may take seconds to start Nix. Its transport counts the sessions. */
const onBuilder: Gathering = { withinMs: 4, patienceMs: 8_000, shells: pLimit(Number.POSITIVE_INFINITY) };

const waiting = new Map<Transport, Asked[]>();

/**
 * Runs a quick local command, in one shell with others that are asked for at the same moment: starting a process is
 * dear for a program with much memory, and a thousand builders ask at once. A command whose shell was held up by
 * another is run by itself.
 */
export function runTogether(
  command: readonly string[],
  transport: Transport,
  options: RunOptions,
): Promise<CommandResult> {
  return gather({ command, options }, transport, onThisMachine);
}

/** The same place, where commands that are {@link RunOptions.quick} share a session: a session is dear for a server. */
export function sharingSessions(transport: Transport): Transport {
  return {
    get name() {
      return transport.name;
    },
    run: (command, options) =>
      options.quick === true
        ? gather({ command, options }, transport, onBuilder)
        : transport.run(command, options),
    close: () => transport.close(),
  };
}

function gather(
  asked: Omit<Asked, 'resolve'>,
  transport: Transport,
  { withinMs, patienceMs, shells }: Gathering,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const others = waiting.get(transport);
    if (others !== undefined) {
      others.push({ ...asked, resolve });
      return;
    }
    const all: Asked[] = [{ ...asked, resolve }];
    waiting.set(transport, all);
    const start = (): void => {
      waiting.delete(transport);
      for (let at = 0; at < all.length; at += mostTogether)
        void shells(() => runGroup(all.slice(at, at + mostTogether), transport, patienceMs));
    };
    if (withinMs === 0) setImmediate(start);
    else setTimeout(start, withinMs);
  });
}

async function runGroup(group: readonly Asked[], transport: Transport, patienceMs: number): Promise<void> {
  const [first] = group;
  const alone = ({ command, options }: Asked): Promise<CommandResult> => transport.run(command, options);
  if (group.length === 1 && first !== undefined) {
    const result = alone(first);
    first.resolve(result);
    await result.catch(() => undefined);
    return;
  }
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const script = group
    .map(({ command }) => `${remoteCommandLine(command)} < /dev/null; echo "${mark} $?"; echo ${mark} >&2`)
    .join('\n');
  const started = performance.now();
  const signal = first?.options.signal ?? new AbortController().signal;
  const timeoutMs = Math.min(patienceMs, ...group.map(({ options }) => options.timeoutMs));
  const together = await transport
    .run(script, { timeoutMs, signal })
    .catch(() => ({ stdout: '', stderr: '', truncated: false }));
  const durationMs = performance.now() - started;
  const results = together.truncated ? [] : split(together, mark);
  for (const [index, asked] of group.entries()) {
    const result = results[index];
    const whole = { signal: null, timedOut: false, truncated: false, durationMs };
    asked.resolve(result === undefined ? alone(asked) : Promise.resolve({ ...result, ...whole }));
  }
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
    const own = index === 0 ? part : part.replace(/^\d+\n/, '');
    return [{ exitCode: Number(status), stdout: own, stderr: errors[index] ?? '' }];
  });
}
