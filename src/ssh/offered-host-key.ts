import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { GreetedSocket } from '../transport/greeted-socket.ts';
import { connectInNamespace } from '../transport/namespace-socket.ts';
import { connectError, openSocket } from '../transport/socket.ts';
import { type ConnectFailure, TransportError } from '../transport/transport.ts';

/** A host key as the server offers it before any login. */
export interface OfferedHostKey {
  type: string;
  /** Base64 of the key blob, as in known_hosts. */
  key: string;
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  fingerprint: string;
  /** The server's identification, as `SSH-2.0-OpenSSH_9.2p1`. */
  banner: string;
  /** Until the TCP connection stood, and until the key was there. */
  connectMs: number;
  keyMs: number;
}

/** ssh's own order where nothing is known of the host (`ssh -Q HostKeyAlgorithms`, less certificates). */
const usualAlgorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
type Algorithm = (typeof usualAlgorithms)[number];

/** The fingerprint of a base64 key blob. */
export function fingerprintOf(key: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

/** Signature algorithms for these key types first, for ssh prefers a key that it knows; else in ssh's own order. */
export function hostKeyAlgorithms(types: readonly string[]): Algorithm[] {
  const known = usualAlgorithms.filter((name) =>
    types.some((type) => type === name || (type === 'ssh-rsa' && name.startsWith('rsa-'))),
  );
  return [...new Set([...known, ...usualAlgorithms])];
}

/**
 * Asks the server for its host key: one connection, no login. Throws {@link TransportError} (`connect`, with its
 * reason) when the server cannot be reached, is no SSH server, or shares no algorithm with us: then with both lists.
 */
export async function offeredHostKey(target: Target): Promise<OfferedHostKey> {
  const { signal, kept } = target;
  if (signal.aborted)
    throw new TransportError('connect', 'cancelled before it started', { reason: 'cancelled' });
  const ssh2 = (await import('ssh2')).default;
  const open = kept?.take(target);
  if (open === undefined) return askOn(await openOf(target), ssh2, target);
  try {
    return await askOn(open, ssh2, target);
  } catch (error) {
    // It was open for a while, and the server may have hung up.
    const hungUp =
      error instanceof TransportError && ['closed', 'reset', 'other'].includes(error.reason ?? '');
    if (!hungUp) throw error;
    return askOn(await openOf(target), ssh2, target);
  }
}

interface Target {
  host: string;
  port: number;
  /** Key types that are known already: wanted first, as by ssh. Others are taken too. */
  types: readonly string[];
  timeoutMs: number;
  signal: AbortSignal;
  /** Where a connection to this server may be open already. */
  kept?: GreetedSocket;
  /** Words that enter another network (networkWords). */
  enter?: readonly string[];
}

async function openOf(target: Target): Promise<Socket> {
  const { host, port, enter = [] } = target;
  if (enter.length === 0) return openSocket(host, port);
  return connectInNamespace({ ...target, enter }).catch((error: unknown) => {
    throw error instanceof TransportError ? error : connectError(error as NodeJS.ErrnoException);
  });
}

function askOn(
  socket: Socket,
  { Client, utils }: typeof import('ssh2'),
  { types, timeoutMs, signal }: Pick<Target, 'types' | 'timeoutMs' | 'signal'>,
): Promise<OfferedHostKey> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const client = new Client();
    const debugLog = listen();
    let connectMs = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      settle();
      client.destroy();
      socket.destroy();
    };
    const fail = (message: string, reason: ConnectFailure): void =>
      finish(() => reject(new TransportError('connect', message, { reason })));
    const onError = (error: Error): void => {
      const failure = connectError(error);
      finish(() => reject(failure.reason === 'no-common-algorithm' ? debugLog.disagreement() : failure));
    };
    const timer = setTimeout(() => fail(`no host key within ${timeoutMs} ms`, 'timeout'), timeoutMs);
    const cancel = (): void => fail('cancelled', 'cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    client.on('error', onError);
    socket.on('error', onError);
    socket.on('connect', () => (connectMs = performance.now() - started));
    client.on('close', () =>
      fail('the server closed the connection before it showed its host key', 'closed'),
    );
    if (signal.aborted) {
      cancel();
      return;
    }
    client.connect({
      sock: socket,
      username: 'host-key',
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: hostKeyAlgorithms(types) },
      debug: debugLog.note,
      hostVerifier: (blob: Buffer) => {
        const parsed = utils.parseKey(blob);
        const type = parsed instanceof Error ? 'unknown' : parsed.type;
        const key = blob.toString('base64');
        const keyMs = performance.now() - started;
        finish(() =>
          resolve({
            type,
            key,
            fingerprint: fingerprintOf(key),
            banner: debugLog.banner(),
            connectMs,
            keyMs,
          }),
        );
        // Nothing is sent after this: no user name, no key.
        return false;
      },
    });
  });
}

interface Listener {
  note: (line: string) => void;
  banner: () => string;
  disagreement: () => TransportError;
}

/** What ssh2 tells only in its debug lines: the server's identification, and both sides' lists of algorithms. */
function listen(): Listener {
  let banner = '';
  let [ours, theirs, what] = ['', '', 'algorithm'];
  return {
    note: (line) => {
      banner = /^Remote ident: '(.*)'$/.exec(line)?.[1] ?? banner;
      ours = /^Handshake: \(local\) [^:]+: (.*)$/.exec(line)?.[1] ?? ours;
      theirs = /^Handshake: \(remote\) [^:]+: (.*)$/.exec(line)?.[1] ?? theirs;
      what = /^Handshake: no matching (.+)$/i.exec(line)?.[1] ?? what;
    },
    banner: () => banner,
    disagreement: () =>
      new TransportError('connect', `no ${what} in common: the server knows ${theirs}, this probe ${ours}`, {
        reason: 'no-common-algorithm',
      }),
  };
}
