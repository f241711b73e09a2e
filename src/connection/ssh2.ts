import type { Client, ParsedKey } from 'ssh2';
import { runInChannel } from './channel-command.ts';
import { hostKeyAlgorithms } from '../ssh/offered-host-key.ts';
import { readIdentityKeys } from '../ssh/identity-keys.ts';
import { isKnownKey, lookupKnownHosts } from '../ssh/known-hosts.ts';
import { sessionSlots } from './session-slots.ts';
import { connectError, openSocket } from '../transport/socket.ts';
import { optionsIn, type SshConfig } from '../ssh/effective-config.ts';
import { type Transport, TransportError } from '../transport/transport.ts';

/** Options of ssh_config(5) that ssh2 knows nothing of, with the values at which they change nothing. */
const beyondSsh2: [option: string, harmless: RegExp, what: string][] = [
  ['pkcs11provider', /^none$/, 'a PKCS#11 provider'],
  ['knownhostscommand', /^none$/, 'a KnownHostsCommand'],
  ['pubkeyauthentication', /^(yes|true)$/, 'a login without a public key'],
  ['bindaddress', /^none$/, 'a BindAddress'],
  ['bindinterface', /^none$/, 'a BindInterface'],
];

/**
 * Why the fast lane cannot speak this configuration, or null when it can. ssh2 knows no certificates, FIDO keys,
 * jump hosts or agents of ours; those go through the real `ssh`.
 */
export async function whyNotSsh2(config: SshConfig): Promise<string | null> {
  if (config.proxyJump !== undefined || config.proxyCommand !== undefined)
    return 'a jump host or proxy command';
  if (config.certificateFiles.length > 0) return 'a certificate';
  if (config.identityAgent !== undefined && config.identityAgent !== 'SSH_AUTH_SOCK')
    return 'an agent in the ssh configuration';
  for (const [option, harmless, what] of beyondSsh2) {
    if (optionsIn(config, option).some((value) => !harmless.test(value))) return what;
  }
  const keys = await readIdentityKeys(config);
  return typeof keys === 'string' ? keys : null;
}

/**
 * One connection for many commands, at a few milliseconds each. The host key is verified against the same
 * known_hosts files that ssh reads; nothing is sent to a host whose very key is not noted there.
 * Throws {@link TransportError} with the phase that failed: `connect`, `host-key`, or `auth` when keys were refused.
 */
export async function connectSsh2(input: {
  config: SshConfig;
  knownHostsFiles: readonly string[];
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Transport> {
  const { config, timeoutMs, signal } = input;
  if (signal.aborted)
    throw new TransportError('connect', 'cancelled before it started', { reason: 'cancelled' });
  const keys = await readIdentityKeys(config);
  if (typeof keys === 'string') throw new TransportError('auth', keys);
  const { Client } = (await import('ssh2')).default;
  const name = config.hostKeyAlias ?? config.hostname;
  const entries = lookupKnownHosts(
    input.knownHostsFiles,
    name,
    config.hostKeyAlias === undefined ? config.port : 22,
  );
  const client = new Client();
  const socket = openSocket(config.hostname, config.port);
  const logins = offerInTurn(config.user, keys);

  await new Promise<void>((resolve, reject) => {
    let phase: TransportError['phase'] = 'connect';
    const finish = (error?: TransportError): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      if (error === undefined) {
        resolve();
        return;
      }
      client.destroy();
      socket.destroy();
      reject(error);
    };
    const fail = (error: NodeJS.ErrnoException): void => {
      if (phase === 'connect') finish(connectError(error));
      else if (phase === 'auth' && !logins.tried())
        finish(
          new TransportError('connect', 'the server takes no public key', { reason: 'no-common-algorithm' }),
        );
      else finish(new TransportError(phase, error.message, { cause: error }));
    };
    const timer = setTimeout(
      () => finish(new TransportError('connect', `no login within ${timeoutMs} ms`, { reason: 'timeout' })),
      timeoutMs,
    );
    const cancel = (): void => finish(new TransportError('connect', 'cancelled', { reason: 'cancelled' }));
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('error', fail);
    client.on('error', fail);
    client.on('close', () => {
      const reason = phase === 'connect' ? { reason: 'closed' as const } : {};
      finish(new TransportError(phase, 'the server closed the connection', reason));
    });
    client.on('ready', () => finish());
    client.connect({
      sock: socket,
      username: config.user,
      readyTimeout: timeoutMs,
      keepaliveInterval: 5_000,
      keepaliveCountMax: 3,
      algorithms: {
        serverHostKey: hostKeyAlgorithms(
          entries.filter(({ marker }) => marker === 'none').map(({ type }) => type),
        ),
      },
      hostVerifier: (blob: Buffer) => {
        const known = isKnownKey(entries, { key: blob.toString('base64') });
        phase = known ? 'auth' : 'host-key';
        return known;
      },
      authHandler: (methods, _partial, callback) => {
        // ssh2 takes `false` for "no more to try", which its types leave out.
        callback(logins.next(methods) ?? (false as never));
      },
    });
  });
  return transportOver(client);
}

type Login = { type: 'none'; username: string } | { type: 'publickey'; username: string; key: ParsedKey };

/** Like ssh: first no key at all, which tells what the server takes and counts as no failure; then each key. */
function offerInTurn(
  username: string,
  keys: readonly ParsedKey[],
): { next: (methods: readonly string[] | null) => Login | undefined; tried: () => boolean } {
  let offered = -1;
  return {
    next: (methods) => {
      if (offered >= 0 && methods !== null && !methods.includes('publickey')) return undefined;
      offered += 1;
      if (offered === 0) return { type: 'none', username };
      const key = keys[offered - 1];
      return key === undefined ? undefined : { type: 'publickey', username, key };
    },
    tried: () => offered > 0,
  };
}

function transportOver(client: Client): Transport {
  const sessions = sessionSlots();
  let lost: string | undefined;
  client.removeAllListeners('error');
  client.removeAllListeners('close');
  client.on('error', (error) => (lost ??= error.message));
  client.on('close', () => (lost ??= 'the server closed the connection'));
  return {
    name: 'ssh2',
    run: (command, options) =>
      sessions(async () => {
        if (lost !== undefined) throw new TransportError('lost', lost);
        return runInChannel(client, command, options);
      }, options.signal),
    close: () => {
      lost ??= 'closed';
      client.end();
      client.destroy();
      return Promise.resolve();
    },
  };
}
