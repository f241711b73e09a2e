import { TransportError } from '../transport/transport.ts';
import { type Probe, sshOf } from './probe.ts';

/**
 * Whether commands can be run on the builder. An account that is tied to Nix's program alone (`command=`,
 * `ForceCommand`, nixbuild.net) is a good builder, but shows nothing of itself.
 */
export const shell: Probe = {
  name: 'shell',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    try {
      const { stdout } = await transport.run('echo answer-$((6 * 7))', { ...context, quick: true });
      const said = stdout.trim();
      return { value: { works: said === 'answer-42', said: said.slice(0, 400) } };
    } catch (error) {
      if (error instanceof TransportError && (error.phase === 'channel' || error.phase === 'lost'))
        return { value: { works: false, said: error.message } };
      throw error;
    }
  },
};
