import { whatHides } from '../nix/hidden-files.ts';
import { asSshReads, lookAtKey } from '../ssh/key-file.ts';
import { type Probe, sshOf } from './probe.ts';

/** The private key that the entry names: whether ssh can use it without asking anybody. */
export const keyFile: Probe = {
  name: 'key-file',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const named = asSshReads(builder.sshKey);
    const place = { client: context.clientTransport, root: ssh.place.root, signal: context.signal };
    const state = await lookAtKey(named, [named], place);
    const { unitOptions } = context.client;
    return { value: { ...state, hiddenBy: { ...whatHides(unitOptions, [state.keyFile]) } } };
  },
};
