import { clientTransport } from './client.ts';
import { endLine, frame } from './frame.ts';
import { startMaster } from './openssh-master.ts';
import { shareSessions } from './sessions.ts';
import {
  type Command,
  type CommandResult,
  type RunOptions,
  type Transport,
  TransportError,
} from './transport.ts';

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
  const ssh = [
    'ssh',
    '-F',
    'none',
    '-T',
    '-S',
    master.socket,
    '-oControlMaster=no',
    '-oProxyCommand=false',
    'builder',
    '--',
  ];
  const sessions = shareSessions();
  return {
    name: 'openssh',
    run: (command, options) => sessions(() => runShared(local, ssh, command, options), options.signal),
    close: () => master.close(),
  };
}

/** ssh ends with 255 for its own failures, and so may a command: the frame tells them apart. */
async function runShared(
  local: Transport,
  ssh: readonly string[],
  command: Command,
  options: RunOptions,
): Promise<CommandResult> {
  const { line, read } = frame(command);
  const result = await local.run([...ssh, line], options);
  const { pid, status, stderr } = read(result.stderr);
  if (result.timedOut || options.signal.aborted) {
    if (pid !== undefined && status === undefined) await endRemote(local, [...ssh, endLine(pid)]);
    return { ...result, stderr, exitCode: null };
  }
  if (status !== undefined) return { ...result, stderr, exitCode: status, signal: null };
  const said = stderr.trim() || `ssh ended with ${result.exitCode ?? result.signal ?? 'nothing'}`;
  throw new TransportError(/session (request|open) (failed|refused)/i.test(said) ? 'channel' : 'lost', said);
}

async function endRemote(local: Transport, argv: readonly string[]): Promise<void> {
  const options = { timeoutMs: 2_500, signal: new AbortController().signal };
  await local.run(argv, options).catch(() => undefined);
}
