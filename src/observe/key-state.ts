import { existsSync, readFileSync, type Stats, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Transport } from '../transport/transport.ts';

/** What the path of a private key leads to. */
export interface KeyState {
  /** Empty where there is no key at all. */
  keyFile: string;
  keyState:
    | 'none'
    | 'missing'
    | 'out-of-reach'
    | 'directory'
    | 'not-a-file'
    | 'empty'
    | 'public'
    | 'putty'
    | 'too-open'
    | 'passphrase'
    | 'hardware'
    | 'corrupt'
    | 'ok';
  /** The public key line without its comment; empty unless the key can be read. */
  publicKey: string;
  /** Of a public half: the private one beside it; empty where there is none. */
  privateHalf: string;
}

/**
 * Looks at the first of the keys that ssh would offer: why could it not be used? `named` is the key of the machines
 * entry; without one, the first that exists counts. Only regular files are opened: a named pipe would wait for ever.
 */
export async function lookAtKey(
  named: string,
  identityFiles: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<KeyState> {
  const keyFile =
    named === '' ? (identityFiles.find((file) => existsSync(file)) ?? '') : asSshReads(named, identityFiles);
  const is = (keyState: KeyState['keyState'], more: Partial<KeyState> = {}): KeyState => ({
    ...{ keyFile, keyState, publicKey: '', privateHalf: '' },
    ...more,
  });
  if (keyFile === '') return is('none');
  const kind = kindOf(keyFile);
  if (kind === 'public') return is(kind, { privateHalf: privateHalfOf(keyFile) });
  if (kind !== 'file') return is(kind);
  // An empty passphrase, so that nothing is asked.
  const read = await client.run(['ssh-keygen', '-y', '-P', '', '-f', keyFile], { timeoutMs: 10_000, signal });
  if (read.exitCode !== 0) return is(stateOf(read.stderr));
  const publicKey = read.stdout.trim().split(/\s+/).slice(0, 2).join(' ');
  return is(publicKey.startsWith('sk-') ? 'hardware' : 'ok', { publicKey });
}

/** ssh leaves out a file that is not there, so its list alone does not tell which was meant. Nix starts ssh in `/`. */
function asSshReads(named: string, [first = named]: readonly string[]): string {
  if (named.includes('%')) return first;
  return named.startsWith('~/') ? join(userInfo().homedir, named.slice(2)) : resolve('/', named);
}

/** Keys are small; of a larger file this is enough to see its kind. Bytes. */
const startOfKey = 64 * 1024;

function kindOf(path: string): 'file' | Exclude<KeyState['keyState'], 'ok' | 'too-open' | 'passphrase'> {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'out-of-reach';
  }
  if (stat.isDirectory()) return 'directory';
  if (!stat.isFile()) return 'not-a-file';
  if (stat.size === 0) return 'empty';
  if (stat.size > startOfKey) return 'corrupt';
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return 'out-of-reach';
  }
  if (/^PuTTY-User-Key-File-/.test(text)) return 'putty';
  if (/^\s*(ssh-|ecdsa-|sk-(ssh|ecdsa)-)\S+ AAAA/.test(text) || text.startsWith('---- BEGIN SSH2 PUBLIC KEY'))
    return 'public';
  return 'file';
}

function privateHalfOf(path: string): string {
  const beside = path.replace(/(-cert)?\.pub$/, '');
  return beside !== path && statSync(beside, { throwIfNoEntry: false })?.isFile() === true ? beside : '';
}

function stateOf(stderr: string): KeyState['keyState'] {
  if (/UNPROTECTED PRIVATE KEY|bad permissions/.test(stderr)) return 'too-open';
  if (/incorrect passphrase/.test(stderr)) return 'passphrase';
  return 'corrupt';
}
