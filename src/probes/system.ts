import { CannotObserve } from '../support/cannot-observe.ts';
import { detectSystem } from '../system/detect.ts';
import { type Probe, sshOf, textOf } from './probe.ts';

/** Which system the client has, or with `on: builder` the builder. */
export const system: Probe = {
  name: 'system',
  parameters: ['on'],
  required: ['on'],
  observe: async ({ on }, context) => {
    if (textOf(on) === 'client') {
      const { os } = context.client;
      if (os === null) throw new CannotObserve('no-system', 'the commands gave no answer');
      return { value: { ...os } };
    }
    const transport = await sshOf(context).ssh.transport(context.signal);
    return { value: { ...(await detectSystem(transport, context)) } };
  },
};
