import type { Builder } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import { enterNetworkWords } from '../transport/namespace-socket.ts';
import { tcpProbe } from '../transport/tcp.ts';
import { nixProgramCommand } from '../connection/by-hand.ts';
import { provenByLogin, wentWell } from '../connection/nix-login.ts';
import { type Probe, sshOf, textOf } from './probe.ts';

const connectsWithinMs = 6_000;

/**
 * Connects, and reads the server's first line: tells a closed, a silent and a foreign port apart. With `login: proves`
 * a login that went well is enough, and there is no such connection: a server counts those without a login.
 */
export const tcpConnect: Probe = {
  name: 'tcp-connect',
  parameters: ['host', 'port', 'login'],
  required: ['host', 'port'],
  reproduce: (_parameters, context) => nixProgramCommand(sshOf(context).ssh),
  observe: async ({ host, port, login }, context) => {
    const started = performance.now();
    const { signal, ssh } = context;
    // What went wrong after the login may be better understood with the server's greeting.
    if (login === 'proves' && ssh !== undefined && (await provenByLogin(ssh, signal, wentWell)))
      return { value: proven };
    // A server that is not there has been waited for already.
    const mostMs = Math.min(context.timeoutMs, connectsWithinMs);
    const timeoutMs = Math.max(mostMs / 2, mostMs - (performance.now() - started));
    // A server may look up the name of its client first.
    const greetingMs = Math.max(context.timeoutMs - mostMs, timeoutMs);
    const enter = enterNetworkWords(context.client.environment.place);
    const target = { host: textOf(host), port: Number(textOf(port)), timeoutMs, greetingMs, signal, enter };
    const seen = await tcpProbe(ssh === undefined ? target : { ...target, kept: ssh.greetedSocket });
    const isElsewhere = await answersOnUsualPort(target, seen.error);
    return {
      value: {
        ...seen,
        isSsh: seen.banner.startsWith('SSH-'),
        usualPortAnswers: isElsewhere,
        entryWithoutPort: isElsewhere && context.builder !== undefined ? withoutPort(context.builder) : '',
      },
    };
  },
};

/** Ports of this machine itself lead to others (virtual machines, tunnels): its own SSH server says nothing of them. */
const ownNames = ['localhost', '127.0.0.1', '::1'];

/** Whether a server that refuses the port that it is asked on speaks SSH on port 22. */
async function answersOnUsualPort(
  target: { host: string; port: number; signal: AbortSignal; enter: readonly string[] },
  error: string,
): Promise<boolean> {
  if (error !== 'ECONNREFUSED' || target.port === 22 || ownNames.includes(target.host)) return false;
  const { banner } = await tcpProbe({ ...target, port: 22, timeoutMs: 1_500 });
  return banner.startsWith('SSH-');
}

function withoutPort(builder: Builder): string {
  const uri = builder.fields[0]?.text ?? '';
  const changed = uri.replace(/:\d+(?=[/?]|$)/, '');
  return changed === uri ? '' : entryWith(builder, { 0: changed });
}

const proven = { connected: true, isSsh: true, error: '', banner: '', by: 'login' };
