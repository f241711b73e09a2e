import { shellCommand } from '../connection/by-hand.ts';
import type { Observation } from '../scenario/observation.ts';
import { quote } from '../support/shell-quote.ts';
import { commandText } from './describe.ts';
import type { ObserveOptions, ObservationRequest } from './observe.ts';

/**
 * A command that shows what a check observed, when it is typed on this machine as the user of Nix's daemon. `again`: the
 * command that repeats the check itself, for observations that no command shows.
 */
export async function reproduceCommand(
  request: ObservationRequest,
  observation: Observation,
  { probes, context, timeoutMs, signal }: ObserveOptions,
  again: string,
): Promise<string> {
  const { ssh } = context;
  if (request.kind === 'probe') {
    const probe = probes.get(request.probe);
    const own = await probe?.reproduce?.(request.parameters, { ...context, timeoutMs, signal }, observation);
    return own ?? again;
  }
  const text = typed(request);
  if (request.target === 'builder') return ssh === undefined ? again : shellCommand(ssh, text);
  // The shared login has ended by then.
  const lasting = text.split('\n').filter((line) => ssh === undefined || !line.includes(ssh.folder));
  return lasting.length === 1 ? text : `sh <<'END'\n${lasting.join('\n')}\nEND`;
}

function typed({ command, stdin }: Extract<ObservationRequest, { kind: 'command' }>): string {
  if (stdin === undefined) return commandText(command).trim();
  const words = typeof command === 'string' ? ['sh', '-c', command] : command;
  return `printf %s ${quote(stdin)} | ${commandText(words)}`;
}
