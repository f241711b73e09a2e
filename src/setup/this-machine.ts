import { type ClientView, viewClient } from '../nix/client-view.ts';
import { clientTransport } from '../transport/local-process.ts';
import { daemonEnvironment, usualPath } from '../nix/daemon-environment.ts';
import type { Transport } from '../transport/transport.ts';

/** The machine on which this runs, as the daemon of its Nix sees it, and the way to run commands there. */
export interface ThisMachine {
  client: ClientView;
  transport: Transport;
}

/** Asks Nix, which takes a while. Commands will run in the folder `cwd`: the root folder, as for the daemon. */
export async function inspectThisMachine(signal: AbortSignal, cwd = '/'): Promise<ThisMachine> {
  const environment = await daemonEnvironment();
  const { env, place } = environment;
  const direct = { env, cwd, enter: place.enter };
  // Neither what the daemon's unit hides nor its PATH changes which system this is.
  const itself = clientTransport({
    env: { ...env, PATH: [env['PATH'], usualPath].filter(Boolean).join(':') },
    cwd,
  });
  const client = await viewClient(environment, { client: clientTransport(direct), itself }, signal);
  // Root's own Nix would open the store by itself, and see nothing of what only the daemon lacks.
  const remote = { NIX_REMOTE: 'daemon', NIX_DAEMON_SOCKET_PATH: environment.socket };
  const through = client.buildsThroughDaemon ? { ...direct, env: { ...env, ...remote } } : direct;
  return { client, transport: clientTransport(through) };
}
