import { nixConfError } from '../nix/conf-error.ts';
import { CannotObserve, doesNotApply } from '../support/cannot-observe.ts';
import { type Probe } from './probe.ts';

/** Whether this machine's Nix does anything at all. */
export const clientNix: Probe = {
  name: 'client-nix',
  parameters: [],
  required: [],
  observe: (_parameters, { client: { nixVersion, nixFailure, nixUnanswered, settingsFailure } }) => {
    if (nixUnanswered) throw new CannotObserve('timeout', `nix on this machine: ${settingsFailure}`);
    if (nixVersion === '' && nixFailure === '')
      throw new CannotObserve(doesNotApply, 'there is no Nix on this machine');
    return Promise.resolve({
      stderr: nixFailure,
      value: { works: nixFailure === '', nixConf: { ...nixConfError(nixFailure) } },
    });
  },
};
