import { randomBytes } from 'node:crypto';
import { clientTransport } from './client.ts';
import { startMaster } from './openssh-master.ts';
import { quoteForAnyShell, remoteCommandLine } from './remote-command.ts';
import { shareSessions } from './sessions.ts';
import { type Command, type CommandResult, type RunOptions, type Transport, TransportError } from './transport.ts';

/**
 * Commands over the real `ssh`, one login for all (ControlMaster): for what ssh2 cannot speak. `words` are Nix's own;
 * the control socket lies in a private folder and goes with it. Throws {@link TransportError} as `startMaster` does.
 */
export async function connectOpenssh(input: {
  words: readonly string[];
  env: Record<string, string>;
  folder: string;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Transport> {
  const master = await startMaster(input);
  const local = clientTransport({ env: input.env, cwd: '/' });
  // Only the socket is asked for: should the master be gone, these words reach no host, so there is no second login.
  const ssh = ['ssh', '-F', 'none', '-T', '-S', master.socket, '-oControlMaster=no', '-oProxyCommand=false', 'builder', '--'];
  const sessions = shareSessions();
  return {
    name: 'openssh',
    run: (command, options) => sessions(() => runShared(local, ssh, command, options), options.signal),
    close: () => master.close(),
  };
}

/**
 * ssh ends with 255 for its own failures, and so may a command. The command therefore runs in a frame, which prints
 * its process id first and its status last, each behind a random mark; without the last the connection was lost.
 * A death by signal shows as 128 + its number, as in any shell.
 */
async function runShared(
  local: Transport,
  ssh: readonly string[],
  command: Command,
  options: RunOptions,
): Promise<CommandResult> {
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const frame = `echo ${mark} $$ >&2; ${remoteCommandLine(command)}; printf '\\n${mark} %d\\n' $? >&2`;
  const result = await local.run([...ssh, `exec sh -c ${quoteForAnyShell(frame)}`], options);
  const first = new RegExp(`${mark} (\\d+)\\n`).exec(result.stderr);
  const last = new RegExp(`\\n${mark} (\\d+)\\n`).exec(result.stderr);
  const stderr = [last?.[0], first?.[0]].reduce<string>((text, line) => (line === undefined ? text : text.replace(line, '')), result.stderr);
  if (result.timedOut || options.signal.aborted) {
    if (first?.[1] !== undefined && last === null) await endRemote(local, ssh, first[1]);
    return { ...result, stderr, exitCode: null };
  }
  if (last !== null) return { ...result, stderr, exitCode: Number(last[1]), signal: null };
  const said = stderr.trim() || `ssh ended with ${result.exitCode ?? result.signal ?? 'nothing'}`;
  throw new TransportError(/session (request|open) (failed|refused)/i.test(said) ? 'channel' : 'lost', said);
}

/** Ends the command's process group over there: the end of the local ssh alone would leave it running. */
async function endRemote(local: Transport, ssh: readonly string[], pid: string): Promise<void> {
  const kill = (signal: string): string => `kill -${signal} -- -${pid} 2>/dev/null || kill -${signal} ${pid} 2>/dev/null`;
  const line = `${kill('TERM')} && sleep 1; ${kill('KILL')}`;
  await local
    .run([...ssh, `exec sh -c ${quoteForAnyShell(line)}`], { timeoutMs: 2_500, signal: new AbortController().signal })
    .catch(() => undefined);
}
