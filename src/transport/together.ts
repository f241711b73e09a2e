import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { quoteForAnyShell } from './remote-command.ts';
import type { CommandResult, RunOptions, Transport } from './transport.ts';

type Result = Pick<CommandResult, 'exitCode' | 'stdout' | 'stderr'>;

interface Asked {
  command: readonly string[];
  options: RunOptions;
  resolve: (result: Promise<Result>) => void;
}

/** Commands in one shell. More would make the first wait for the last, and one that hangs holds up its own shell only. */
const mostTogether = 16;
/** A command of this kind takes some ten milliseconds, so a shell that takes this long has one that hangs. */
const patienceMs = 4_000;

const shells = pLimit(4);
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
): Promise<Result> {
  return new Promise((resolve) => {
    const asked = waiting.get(transport);
    if (asked !== undefined) {
      asked.push({ command, options, resolve });
      return;
    }
    const all: Asked[] = [{ command, options, resolve }];
    waiting.set(transport, all);
    setImmediate(() => {
      waiting.delete(transport);
      for (let start = 0; start < all.length; start += mostTogether)
        void shells(() => runGroup(all.slice(start, start + mostTogether), transport));
    });
  });
}

async function runGroup(group: readonly Asked[], transport: Transport): Promise<void> {
  const [first] = group;
  const alone = ({ command, options }: Asked): Promise<Result> => transport.run(command, options);
  if (group.length === 1 && first !== undefined) {
    const result = alone(first);
    first.resolve(result);
    await result.catch(() => undefined);
    return;
  }
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const script = group
    .map(({ command }) => `${command.map(quoteForAnyShell).join(' ')}; echo "${mark} $?"; echo ${mark} >&2`)
    .join('\n');
  const signal = first?.options.signal ?? new AbortController().signal;
  const together = await transport
    .run(script, { timeoutMs: patienceMs, signal })
    .catch(() => ({ stdout: '', stderr: '', truncated: false }));
  const results = together.truncated ? [] : split(together, mark);
  for (const [index, asked] of group.entries()) {
    const result = results[index];
    asked.resolve(result === undefined ? alone(asked) : Promise.resolve(result));
  }
}

/** What each command wrote, as far as they came. */
function split({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>, mark: string): Result[] {
  const errors = stderr.split(`${mark}\n`);
  return stdout.split(`${mark} `).flatMap((part, index, parts): Result[] => {
    const status = /^\d+\n/.exec(parts[index + 1] ?? '')?.[0];
    if (status === undefined) return [];
    return [{ exitCode: Number(status), stdout: part.replace(/^\d+\n/, ''), stderr: errors[index] ?? '' }];
  });
}
