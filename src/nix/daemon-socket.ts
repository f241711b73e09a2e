import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DaemonProcess, findDaemon } from './daemon-process.ts';
import { errorCode } from '../transport/socket.ts';

/** systemd starts a daemon in less; on a busy machine it takes longer. */
const wakesWithinMs = 5_000;
const pollMs = 50;

/** Where this machine's Nix expects its daemon (`NIX_REMOTE`, `NIX_DAEMON_SOCKET_PATH`, `NIX_STATE_DIR`). */
export function daemonSocketPath(env: NodeJS.ProcessEnv): string {
  const [, named] = /^unix:\/\/(\/[^?]*)/.exec(env['NIX_REMOTE'] ?? '') ?? [];
  return (
    named ??
    (env['NIX_DAEMON_SOCKET_PATH'] || join(env['NIX_STATE_DIR'] || '/nix/var/nix', 'daemon-socket', 'socket'))
  );
}

/** Whether there is a socket. */
export function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

/**
 * Connects to the socket, so that systemd starts the daemon that is to listen there, and waits until it runs. `refused`:
 * the system's error code where nothing listens; empty otherwise.
 */
export async function wakeDaemon(path: string): Promise<{ daemon: DaemonProcess | null; refused: string }> {
  const socket = connect({ path });
  try {
    const refused = await new Promise<string>((resolve) => {
      socket.once('connect', () => resolve(''));
      socket.once('error', (error) => resolve(errorCode(error) || error.message));
    });
    if (refused !== '') return { daemon: null, refused };
    // The daemon ends the connection where it lets nobody in; it runs all the same.
    socket.on('error', () => undefined);
    for (const end = performance.now() + wakesWithinMs; performance.now() < end;) {
      const daemon = await findDaemon(path);
      if (daemon?.worker === false) return { daemon, refused: '' };
      await sleep(pollMs);
    }
    return { daemon: await findDaemon(path), refused: '' };
  } finally {
    socket.destroy();
  }
}
