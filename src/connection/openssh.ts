import { connectMux } from './mux-client.ts';
import { type MasterOptions, startMaster } from './openssh-master.ts';
import { sessionSlots } from './session-slots.ts';
import { type Transport, TransportError } from '../transport/transport.ts';

const answersWithinMs = 2_000;

/**
 * Commands over the real `ssh`, one login for all (ControlMaster): for what ssh2 cannot speak. `words` are Nix's own;
 * the control socket lies in a private folder and goes with it. Throws {@link TransportError} as `startMaster` does.
 */
export async function connectOpenssh(input: MasterOptions): Promise<Transport> {
  const master = await startMaster(input);
  try {
    const connection = await connectMux(master.socket, answersWithinMs);
    const sessions = sessionSlots();
    return {
      name: 'openssh',
      run: (command, options) => sessions(() => connection.run(command, options), options.signal),
      close: async () => {
        connection.end();
        await master.close();
      },
    };
  } catch (error) {
    await master.close();
    throw new TransportError('connect', String(error), { cause: error, reason: 'other' });
  }
}
