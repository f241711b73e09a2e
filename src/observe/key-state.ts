import { existsSync } from 'node:fs';
import type { Transport } from '../transport/transport.ts';

/** What ssh-keygen says of a private key. */
export interface KeyState {
  /** Empty where there is no key at all. */
  keyFile: string;
  keyState: 'none' | 'missing' | 'too-open' | 'passphrase' | 'corrupt' | 'ok';
  /** The public key line without its comment; empty unless the key can be read. */
  publicKey: string;
}

/**
 * Looks at the first of the keys that ssh would offer, after a login failed: why could it not be used?
 * `named` is the key of the machines entry; without one, the first that exists counts.
 */
export async function lookAtKey(
  named: string,
  identityFiles: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<KeyState> {
  const keyFile =
    named === '' ? (identityFiles.find((file) => existsSync(file)) ?? '') : (identityFiles[0] ?? named);
  if (keyFile === '') return { keyFile, keyState: 'none', publicKey: '' };
  if (!existsSync(keyFile)) return { keyFile, keyState: 'missing', publicKey: '' };
  // An empty passphrase, so that nothing is asked.
  const read = await client.run(['ssh-keygen', '-y', '-P', '', '-f', keyFile], { timeoutMs: 10_000, signal });
  if (read.exitCode === 0) {
    const publicKey = read.stdout.trim().split(/\s+/).slice(0, 2).join(' ');
    return { keyFile, keyState: 'ok', publicKey };
  }
  return { keyFile, keyState: stateOf(read.stderr), publicKey: '' };
}

function stateOf(stderr: string): KeyState['keyState'] {
  if (/UNPROTECTED PRIVATE KEY|bad permissions/.test(stderr)) return 'too-open';
  if (/incorrect passphrase/.test(stderr)) return 'passphrase';
  return 'corrupt';
}
