import { existsSync, readFileSync, type Stats, statSync } from 'node:fs';
import { thisUser } from '../system/this-user.ts';
import { join, resolve } from 'node:path';
import { inside } from '../support/resolve-inside.ts';
import type { Transport } from '../transport/transport.ts';
import { flawOf, isInOpensshFormat, kindOfText } from './key-text.ts';

/** What the path of a private key leads to. */
export interface KeyState {
  /** Empty where there is no key at all. */
  keyFile: string;
  keyState:
    | 'none'
    | 'missing'
    | 'hidden'
    | 'out-of-reach'
    | 'directory'
    | 'pipe'
    | 'not-a-file'
    | 'empty'
    | 'public'
    | 'putty'
    | 'not-a-key'
    | 'too-open'
    | 'passphrase'
    | 'hardware'
    | 'cut-off'
    | 'line-ends'
    | 'unsupported'
    | 'damaged'
    | 'other-half'
    | 'ok';
  /** The public key line without its comment; empty unless the key can be read. */
  publicKey: string;
  /** Of a public half: the private one beside it; empty where there is none. */
  privateHalf: string;
  /** The file that a relative path may have meant, where `keyFile` is missing; empty where there is none. */
  meant: string;
}

/** Where a key is looked at: commands run where Nix's daemon does; `root` is where its file system is seen from here. */
export interface KeyPlace {
  client: Transport;
  root: string;
  signal: AbortSignal;
}

/**
 * Looks at the first of the keys that ssh would offer: why could it not be used? `named` is the key of the machines
 * entry; without one, the first that exists counts. Only regular files are opened: a named pipe would wait for ever.
 */
export async function lookAtKey(
  named: string,
  identityFiles: readonly string[],
  { client, root, signal }: KeyPlace,
): Promise<KeyState> {
  const keyFile =
    named === ''
      ? (identityFiles.find((file) => existsSync(inside(root, file))) ?? '')
      : asSshReads(named, identityFiles);
  const is = (keyState: KeyState['keyState'], more: Partial<KeyState> = {}): KeyState => ({
    ...{ keyFile, keyState, publicKey: '', privateHalf: '', meant: '' },
    ...more,
  });
  if (keyFile === '') return is('none');
  const file = inside(root, keyFile);
  const kind = kindOf(file);
  if (kind === 'missing')
    return is(root !== '' && existsSync(keyFile) ? 'hidden' : kind, { meant: meantBy(named, root) });
  if (typeof kind === 'string') return is(kind);
  const { text } = kind;
  const textKind = kindOfText(text);
  if (textKind === 'public') return is(textKind, { privateHalf: privateHalfOf(keyFile, root) });
  if (textKind !== 'key') return is(textKind);
  // An empty passphrase, so that nothing is asked.
  const read = await client.run(['ssh-keygen', '-y', '-P', '', '-f', keyFile], { timeoutMs: 10_000, signal });
  if (read.exitCode !== 0) return is(stateOf(read.stderr) ?? flawOf(text));
  const publicKey = keyOnly(read.stdout);
  if (publicKey.startsWith('sk-')) return is('hardware', { publicKey });
  const beside = isInOpensshFormat(text) ? '' : keyOnly(textOf(`${file}.pub`));
  return is(beside === '' || beside === publicKey ? 'ok' : 'other-half', { publicKey });
}

/** The path from which Nix's ssh reads a key. */
export function asSshReads(named: string, [first = named]: readonly string[] = []): string {
  // ssh leaves out a file that is not there, so its list alone does not tell which was meant. Nix starts ssh in `/`.
  if (named.includes('%')) return first;
  return named.startsWith('~/') ? join(thisUser().homedir, named.slice(2)) : resolve('/', named);
}

/** The first of the keys that ssh offers without being told to (ssh(1), -i); empty where root has none. */
export function firstKeyOfRoot(root: string): string {
  const files = ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => join(thisUser().homedir, '.ssh', name));
  return files.find((file) => existsSync(inside(root, file))) ?? '';
}

/** Neither Nix nor ssh expands variables, and ssh is not started in a home. */
function meantBy(named: string, root: string): string {
  if (named === '' || named.startsWith('/')) return '';
  const { homedir } = thisUser();
  const rest = named.replace(/^(~|\$HOME|\$\{HOME\})\//, '');
  const folders = [homedir, join(homedir, '.ssh'), '/etc/nix'];
  return (
    folders
      .map((folder) => join(folder, rest))
      .find((file) => typeof kindOf(inside(root, file)) !== 'string') ?? ''
  );
}

/** Whether ssh would wait for ever for a key: a pipe into which no program writes. */
export function isPipe(file: string, root: string): boolean {
  return kindOf(inside(root, file)) === 'pipe';
}

/** Keys are small; of a larger file this is enough to see its kind. Bytes. */
const mostBytes = 64 * 1024;

type NoKey = 'missing' | 'out-of-reach' | 'directory' | 'pipe' | 'not-a-file' | 'empty' | 'not-a-key';

function kindOf(path: string): { text: string } | NoKey {
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'out-of-reach';
  }
  if (stat.isDirectory()) return 'directory';
  if (stat.isFIFO()) return 'pipe';
  if (!stat.isFile()) return 'not-a-file';
  if (stat.size === 0) return 'empty';
  if (stat.size > mostBytes) return 'not-a-key';
  try {
    return { text: readFileSync(path, 'latin1') };
  } catch {
    return 'out-of-reach';
  }
}

/** Empty where there is no such small file. */
function textOf(path: string): string {
  const kind = kindOf(path);
  return typeof kind === 'string' ? '' : kind.text;
}

function keyOnly(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}

function privateHalfOf(path: string, root: string): string {
  const beside = path.replace(/(-cert)?\.pub$/, '');
  return beside !== path && textOf(inside(root, beside)) !== '' ? beside : '';
}

/** Null where ssh-keygen only says that it cannot read it. */
function stateOf(stderr: string): 'too-open' | 'passphrase' | null {
  if (/UNPROTECTED PRIVATE KEY|bad permissions/.test(stderr)) return 'too-open';
  return /incorrect passphrase/.test(stderr) ? 'passphrase' : null;
}
