import { connectOpenssh } from './openssh.ts';
import { type AskedConfig, goesToBackground } from '../ssh/effective-config.ts';
import { connectSsh2, whyNotSsh2 } from './ssh2.ts';
import { type Transport, TransportError } from '../transport/transport.ts';

const loginTimeoutMs = 20_000;

/**
 * A connection for the suite's commands: ssh2's fast lane, or the real `ssh` where ssh2 cannot speak the
 * configuration or the server's algorithms. At most one login is refused: OpenSSH locks out an address that fails often.
 */
export async function connectBuilder(input: {
  /** Nix's own words, as for the decisive login. */
  words: readonly string[];
  asked: AskedConfig;
  env: Record<string, string>;
  /** Words before `ssh`, where it runs elsewhere than this process: ssh2 cannot follow there. */
  enter?: readonly string[];
  /** A private folder. */
  folder: string;
  /** Nix's file for a pinned host key. */
  pinned: string | null;
  /** How much longer than usual a login takes there, in milliseconds. Default 0. */
  slowMs?: number;
  signal: AbortSignal;
}): Promise<Transport> {
  const { words, asked, env, enter = [], folder, pinned, slowMs = 0, signal } = input;
  const timeoutMs = loginTimeoutMs + slowMs;
  if (!asked.ok) throw new TransportError('connect', asked.stderr.trim());
  const { config } = asked;
  if (enter.length === 0 && (await whyNotSsh2(config)) === null) {
    const userFiles = pinned === null ? config.userKnownHostsFiles : [pinned];
    const knownHostsFiles = [...userFiles, ...config.globalKnownHostsFiles];
    try {
      return await connectSsh2({ config, knownHostsFiles, timeoutMs, signal });
    } catch (error) {
      if (!(error instanceof TransportError) || signal.aborted || !mayKnowMore(error)) throw error;
    }
  }
  // An older ssh does not know the option, and its configuration cannot have it.
  const attached = goesToBackground(config) ? ['-oForkAfterAuthentication=no', ...words] : words;
  return connectOpenssh({ words: attached, env, enter, folder, timeoutMs, signal });
}

/**
 * The real ssh may know what ssh2 does not: algorithms, certificate authorities, ways to log in. A server that is not
 * there, or that refused the keys, would answer it no better.
 */
function mayKnowMore({ phase, reason }: TransportError): boolean {
  return phase === 'host-key' || reason === 'no-common-algorithm' || reason === 'other';
}
