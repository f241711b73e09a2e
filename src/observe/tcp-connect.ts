import { tcpProbe } from '../transport/tcp.ts';
import { learnFromLogin, wentWell } from './nix-login.ts';
import { type Probe, type ProbeContext, textOf } from './probe.ts';

/**
 * Connects, and reads the server's first line: tells a closed, a silent and a foreign port apart. With `login: proves`
 * a login that went well is enough, and there is no such connection: a server counts those without a login.
 */
export const tcpConnect: Probe = {
  name: 'tcp-connect',
  parameters: ['host', 'port', 'login'],
  required: ['host', 'port'],
  observe: async ({ host, port, login }, context) => {
    const started = performance.now();
    if (login === 'proves' && (await loginProves(context))) return { value: proven };
    const { signal, ssh } = context;
    // A server that is not there has been waited for already.
    const timeoutMs = Math.max(context.timeoutMs / 2, context.timeoutMs - (performance.now() - started));
    const target = { host: textOf(host), port: Number(textOf(port)), timeoutMs, signal };
    const seen = await tcpProbe(ssh === undefined ? target : { ...target, kept: ssh.kept });
    return { value: { ...seen, isSsh: seen.banner.startsWith('SSH-') } };
  },
};

const proven = { connected: true, isSsh: true, error: '', banner: '', by: 'login' };

async function loginProves({ ssh, signal }: ProbeContext): Promise<boolean> {
  if (ssh?.turn.taken !== true || !(await ssh.canLearn(signal))) return false;
  const login = await learnFromLogin(ssh);
  // What went wrong later may be better understood with the server's greeting.
  return login === 'started' || (login !== null && wentWell(login));
}
