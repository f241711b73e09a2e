import { connect, type Socket } from 'node:net';
import { type ConnectFailure, TransportError } from './transport.ts';

/**
 * A connection in the making. Small packets are sent at once: otherwise each waits for a delayed acknowledgement,
 * 90 ms a command instead of 2.5.
 */
export function openSocket(host: string, port: number): Socket {
  // Node's own 250 ms an address are too short for a builder far away that has two addresses.
  return gathering(connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2_000 }));
}

/** What is written in one turn goes out as one piece: ssh2 writes each of its packets by itself. */
function gathering(socket: Socket): Socket {
  const write = socket.write.bind(socket);
  socket.write = ((...words: Parameters<typeof write>) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...words);
  }) as typeof socket.write;
  return socket;
}

/** The system's code of a failed connection. Where every address of a host failed, that of the last. */
export function errorCode(error: NodeJS.ErrnoException): string {
  const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  return (last as NodeJS.ErrnoException | undefined)?.code ?? error.code ?? '';
}

const reasons: Record<string, ConnectFailure> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
};

/** A socket's or ssh2's error, with a message that is never empty (node leaves it so when several addresses failed). */
export function connectError(error: NodeJS.ErrnoException): TransportError {
  const code = errorCode(error);
  const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error;
  const message =
    error.message || (last instanceof Error ? last.message : '') || code || 'the connection failed';
  return new TransportError('connect', message, { cause: error, reason: reasons[code] ?? reasonOf(message) });
}

/** ssh2 has sentences where sockets have codes. */
function reasonOf(message: string): ConnectFailure {
  if (/no matching/i.test(message)) return 'no-common-algorithm';
  if (/timed out/i.test(message)) return 'timeout';
  if (/connection lost before handshake/i.test(message)) return 'closed';
  if (/identification|protocol version|greeting|header/i.test(message)) return 'not-ssh';
  return 'other';
}
