import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { TransportError } from './transport.ts';

/** A host key as the server offers it before any login. */
export interface OfferedHostKey {
  type: string;
  /** Base64 of the key blob, as in known_hosts. */
  key: string;
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  fingerprint: string;
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

/** Signature algorithms for these key types first, for ssh prefers a key that it knows. */
export function hostKeyAlgorithms(types: readonly string[]): Algorithm[] {
  const known = usualAlgorithms.filter((name) => types.some((type) => type === name || (type === 'ssh-rsa' && name.startsWith('rsa-'))));
  return [...new Set([...known, ...usualAlgorithms])];
}

/**
 * Asks the server for its host key: one connection, no login. Throws {@link TransportError} (`connect`) when the
 * server cannot be reached or shares no algorithm with us.
 */
export async function offeredHostKey(target: {
  host: string;
  port: number;
  types: readonly string[];
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<OfferedHostKey> {
  const { host, port, timeoutMs, signal } = target;
  const { Client, utils } = (await import('ssh2')).default;
  return new Promise((resolve, reject) => {
    const client = new Client();
    const socket = connect({ host, port, noDelay: true });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      settle();
      client.destroy();
      socket.destroy();
    };
    const fail = (message: string): void => finish(() => reject(new TransportError('connect', message)));
    const timer = setTimeout(() => fail(`no host key within ${timeoutMs} ms`), timeoutMs);
    const cancel = (): void => fail('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    client.on('error', (error) => fail(error.message));
    socket.on('error', (error) => fail(error.message));
    client.on('close', () => fail('the server closed the connection before it showed its host key'));
    client.connect({
      sock: socket,
      username: 'host-key',
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: hostKeyAlgorithms(target.types) },
      hostVerifier: (blob: Buffer) => {
        const parsed = utils.parseKey(blob);
        const type = parsed instanceof Error ? 'unknown' : parsed.type;
        const key = blob.toString('base64');
        finish(() => resolve({ type, key, fingerprint: fingerprintOf(key) }));
        // Nothing is sent after this: no user name, no key.
        return false;
      },
    });
  });
}
