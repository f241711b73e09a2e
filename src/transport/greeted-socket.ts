import type { Socket } from 'node:net';

/**
 * A connection on which the server has greeted and we have said nothing yet, kept for whoever speaks next: a server
 * counts those that hang up without a login against the client (PerSourcePenalties of OpenSSH 9.8 and later).
 */
export interface GreetedSocket {
  /** Keeps it, with what was read put back; false where too many are kept already: then it is still the caller's. */
  keep(socket: Socket, place: Place, read: Buffer): boolean;
  /** The connection to this place, if it is kept and still open. It is the caller's from now on. */
  take(place: Place): Socket | undefined;
  /** Hangs up, if nobody took it. */
  close(): void;
}

interface Place {
  host: string;
  port: number;
}

/** In all: builders that wait for their turn must not use up the files that a process may have open. */
const maxKept = 64;
let kept = 0;

export function greetedSocket(): GreetedSocket {
  let mine: { socket: Socket; place: Place } | undefined;
  const ignore = (): void => undefined;
  const release = (): Socket | undefined => {
    if (mine === undefined) return undefined;
    const { socket } = mine;
    mine = undefined;
    kept -= 1;
    return socket;
  };
  return {
    keep: (socket, place, read) => {
      if (mine !== undefined || kept >= maxKept) return false;
      kept += 1;
      mine = { socket, place };
      socket.pause();
      // Not those for 'end', by which Node itself closes its half.
      for (const event of ['connect', 'data', 'error', 'close']) socket.removeAllListeners(event);
      socket.on('error', ignore);
      socket.unshift(read);
      return true;
    },
    take: ({ host, port }) => {
      if (mine?.place.host !== host || mine.place.port !== port) return undefined;
      const socket = release();
      return socket?.readable === true && socket.writable ? socket : undefined;
    },
    close: () => void release()?.destroy(),
  };
}
