import { tcpProbe } from '../transport/tcp.ts';
import { type Probe, textOf } from './probe.ts';

/** Connects, and reads the server's first line: tells a closed, a silent and a foreign port apart. */
export const tcpConnect: Probe = {
  name: 'tcp-connect',
  parameters: ['host', 'port'],
  required: ['host', 'port'],
  observe: async ({ host, port }, { timeoutMs, signal, ssh }) => {
    const target = { host: textOf(host), port: Number(textOf(port)), timeoutMs, signal };
    const seen = await tcpProbe(ssh === undefined ? target : { ...target, kept: ssh.kept });
    return { value: { ...seen, isSsh: seen.banner.startsWith('SSH-') } };
  },
};
