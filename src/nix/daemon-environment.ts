import { daemonNamespaces, type DaemonNamespaces, here } from '../transport/namespaces.ts';
import { type DaemonProcess, findDaemon } from './daemon-process.ts';
import { daemonSocketPath, isSocket, wakeDaemon } from './daemon-socket.ts';

/** The environment in which Nix starts ssh. */
export interface DaemonEnvironment {
  env: Record<string, string>;
  /**
   * Where it was found: in the running daemon; in this process, where there is no daemon and Nix itself starts ssh; or
   * assumed, for a daemon that cannot be looked at.
   */
  source: 'nix-daemon process' | 'own process' | 'assumed';
  daemonPid?: number;
  /** The daemon's socket; empty where there is no daemon. */
  socket: string;
  /** The system's error code where nothing listens at the socket; else empty. */
  refused: string;
  place: DaemonNamespaces;
}

/** What `build-remote` unsets before it starts ssh (nix-internals.md §2.1). Nothing else is missing there. */
const unsetByNix = ['DISPLAY', 'SSH_ASKPASS'];

/** systemd's own, and where installers put Nix. */
export const usualPath =
  '/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What Nix's daemon gives to ssh: its environment exactly as it is, and where it runs. A daemon that its socket starts
 * is started first. Root on Linux can see it; for others it is assumed. Without a daemon it is this process's own.
 */
export async function daemonEnvironment(own: NodeJS.ProcessEnv = process.env): Promise<DaemonEnvironment> {
  const path = daemonSocketPath(own);
  const socket = isSocket(path) ? path : '';
  const isRoot = process.getuid?.() === 0;
  let refused = '';
  // Where root's own environment names another place and no daemon is there, Nix goes without one.
  const isUsed = socket !== '' || path === daemonSocketPath({});
  let daemon: DaemonProcess | null = isRoot && isUsed ? await findDaemon(path) : null;
  // What an earlier daemon left says nothing of the next.
  if (daemon?.worker !== false && isRoot && socket !== '') ({ daemon, refused } = await wakeDaemon(socket));
  if (daemon !== null) {
    const place = await daemonNamespaces(daemon.pid);
    const env = asSeenBySsh(daemon.env);
    return {
      env,
      source: 'nix-daemon process',
      daemonPid: daemon.pid,
      socket: socket || path,
      refused,
      place,
    };
  }
  if (socket === '')
    return { env: asSeenBySsh(ownEnvironment(own)), source: 'own process', socket, refused, place: here };
  // Not guessed from the caller's shell, which a daemon never sees.
  return { env: { PATH: usualPath }, source: 'assumed', socket, refused, place: here };
}

/** The environment that ssh gets from Nix's hook. */
export function asSeenBySsh(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unsetByNix.includes(name)));
}

function ownEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const set = Object.entries(own).filter((pair): pair is [string, string] => pair[1] !== undefined);
  // sudo's PATH may leave out where Nix is.
  return { ...Object.fromEntries(set), PATH: [own['PATH'], usualPath].filter(Boolean).join(':') };
}
