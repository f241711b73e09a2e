import { list } from '../nix/client-view.ts';
import { openToOthers } from '../system/world-readable.ts';
import { noClientSettings, type Probe } from './probe.ts';
import { exposedSecret, withoutEverybody } from '../nix/trusted-users.ts';

/** What this machine's Nix trusts, whether its secret keys are secret, and when it ends builds. */
export const clientSettings: Probe = {
  name: 'client-settings',
  parameters: [],
  required: [],
  observe: (_parameters, { client }) => {
    const { settings, environment, system } = client;
    if (settings === null) throw noClientSettings(client);
    const users = list(settings['trusted-users']);
    const secrets = list(settings['secret-key-files']);
    return Promise.resolve({
      value: {
        hasDaemon: environment.socket !== '',
        trustsEverybody: users.includes('*'),
        chosenUsers: withoutEverybody(users, 'root'),
        requireSigs: settings['require-sigs'] !== false,
        sandboxOff: settings['sandbox'] === false && system.endsWith('-linux'),
        ...exposedSecret(openToOthers(secrets)),
        // In seconds and bytes; 0: no limit.
        timeout: Number(settings['timeout'] ?? 0),
        maxSilentTime: Number(settings['max-silent-time'] ?? 0),
        maxLog: Number(settings['max-build-log-size'] ?? 0),
      },
    });
  },
};
