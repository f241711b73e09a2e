import { resolve } from 'node:path';
import { lookAtKey } from './key-state.ts';
import { type Probe, sshOf } from './probe.ts';

/** The private key that the entry names: whether ssh can use it without asking anybody. */
export const keyFile: Probe = {
  name: 'key-file',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder } = sshOf(context);
    const named = resolve('/', builder.sshKey);
    const seen = await lookAtKey(named, [named], context.clientTransport, context.signal);
    return { value: { ...seen } };
  },
};
