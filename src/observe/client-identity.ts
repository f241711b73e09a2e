import type { DaemonEnvironment } from '../transport/environment.ts';
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
    const { place, socket, refused } = environment;
    if (place.closed) {
      const where = place.namespaces.join(' and ');
      throw new CannotObserve(
        'nsenter-missing',
        `the daemon runs in namespaces of its own (${where}), and there is no nsenter`,
      );
    }
    return Promise.resolve({
      value: {
        user,
        isRoot,
        nixVersion,
        environment: environment.source,
        path: environment.env['PATH'] ?? '',
        says: sourceOf(environment),
        socket,
        refused,
        namespaces: [...place.namespaces],
      },
    });
  },
};

/** Where the environment of ssh comes from. */
function sourceOf({ source, daemonPid = 0, place }: DaemonEnvironment): string {
  const where = place.namespaces.length === 0 ? '' : `, in its namespaces (${place.namespaces.join(', ')})`;
  switch (source) {
    case 'nix-daemon process':
      return `uses the environment of Nix's daemon, process ${daemonPid}${where}`;
    case 'own process':
      return 'no daemon here: Nix itself starts ssh, with the environment of its caller';
    case 'assumed':
      return "a guess: no process was found behind the daemon's socket, so its environment is taken to be the usual PATH, without NIX_SSHOPTS and without an agent";
  }
}
