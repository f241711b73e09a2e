import { CannotObserve, type Probe } from './probe.ts';

/** Whether the doctor sees what Nix's daemon sees, and which Nix this is. */
export const clientIdentity: Probe = {
  name: 'client-identity',
  parameters: [],
  required: [],
  observe: (_parameters, { client }) => {
    if (!client.seesAsDaemon) {
      throw new CannotObserve('not-root', `${client.user} cannot see what Nix's daemon sees; run it as root`);
    }
    const { environment, nixVersion, user, isRoot } = client;
    return Promise.resolve({
      value: {
        user,
        isRoot,
        nixVersion,
        environment: environment.source,
        path: environment.env['PATH'] ?? '',
      },
    });
  },
};
