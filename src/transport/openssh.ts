import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clientTransport } from './client.ts';
import { quote } from '../shell-quote.ts';
import { remoteCommandLine } from './remote-command.ts';
import { type Command, type CommandResult, type RunOptions, type Transport, TransportError } from './transport.ts';

/**
 * Commands over the real `ssh`, one login for all (ControlMaster): for what ssh2 cannot speak.
 * `words` are Nix's own; the control socket lies in a private folder and goes with it.
 */
export async function connectOpenssh(input: {
  words: readonly string[];
  env: Record<string, string>;
  folder: string;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Transport> {
  const { env, timeoutMs, signal } = input;
  const local = clientTransport({ env });
  const folder = await mkdtemp(join(input.folder, 'cm-'));
  const socket = join(folder, 's');
  const options = input.words.filter((word) => word !== '--' && !word.startsWith('-oLocalCommand') && !word.startsWith('-oPermitLocalCommand'));
  const shared = ['-S', socket, ...options];
  const close = async (): Promise<void> => {
    await local
      .run(['ssh', '-O', 'exit', ...shared], { timeoutMs: 5_000, signal: new AbortController().signal })
      .catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  // Our own socket comes first, so a ControlMaster in the user's configuration is neither used nor touched.
  const master = await local.run(['ssh', '-M', '-f', '-N', '-oControlPersist=no', '-E', join(folder, 'log'), ...shared], { timeoutMs, signal });
  if (master.exitCode !== 0) {
    await close();
    throw new TransportError('auth', master.stderr.trim() || 'ssh could not log in');
  }
  return { name: 'openssh', run: (command, run) => runShared(local, shared, command, run), close };
}

/**
 * ssh ends with 255 for its own failures, and so may a command. The command therefore runs in a frame that prints
 * its status behind a random mark; without the mark the connection was lost.
 */
async function runShared(
  local: Transport,
  shared: readonly string[],
  command: Command,
  options: RunOptions,
): Promise<CommandResult> {
  const mark = `end-${randomBytes(8).toString('hex')}`;
  const framed = `${remoteCommandLine(command)}; printf '\\n${mark} %d\\n' $? >&2`;
  const result = await local.run(['ssh', ...shared, '--', `sh -c ${quote(framed)}`], options);
  const end = new RegExp(`\\n?${mark} (\\d+)\\n`).exec(result.stderr);
  if (end === null) {
    if (result.timedOut || options.signal.aborted) return { ...result, exitCode: null };
    throw new TransportError('lost', result.stderr.trim() || `ssh ended with ${result.exitCode ?? result.signal}`);
  }
  const status = Number(end[1]);
  const stderr = result.stderr.slice(0, end.index) + result.stderr.slice(end.index + end[0].length);
  return { ...result, stderr, exitCode: status };
}
