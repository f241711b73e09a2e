import { tcpProbe } from '../transport/tcp.ts';
import { provenByLogin, wentWell } from './nix-login.ts';
import { type Probe, textOf } from './probe.ts';

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
    const { signal, ssh } = context;
    // What went wrong after the login may be better understood with the server's greeting.
    if (login === 'proves' && ssh !== undefined && (await provenByLogin(ssh, signal, wentWell)))
      return { value: proven };
    // A server that is not there has been waited for already.
    const timeoutMs = Math.max(context.timeoutMs / 2, context.timeoutMs - (performance.now() - started));
    const target = { host: textOf(host), port: Number(textOf(port)), timeoutMs, signal };
    const seen = await tcpProbe(ssh === undefined ? target : { ...target, kept: ssh.kept });
    return { value: { ...seen, isSsh: seen.banner.startsWith('SSH-') } };
  },
};

const proven = { connected: true, isSsh: true, error: '', banner: '', by: 'login' };
