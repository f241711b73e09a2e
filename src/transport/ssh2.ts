import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import pLimit from 'p-limit';
import type { Client, ClientChannel, ParsedKey } from 'ssh2';
import { Capped } from './capped.ts';
import { hostKeyAlgorithms } from './host-key.ts';
import { compareHostKey, lookupKnownHosts } from './known-hosts.ts';
import { remoteCommandLine } from './remote-command.ts';
import type { SshConfig } from './ssh-config.ts';
import { type Command, type CommandResult, type RunOptions, type Transport, TransportError } from './transport.ts';

/** sshd's MaxSessions is 10 by default; some are left to others. */
const maxChannels = 8;

/**
 * Why the fast lane cannot speak this configuration, or null when it can. ssh2 knows no certificates, FIDO keys,
 * jump hosts or agents of ours; those go through the real `ssh`.
 */
export async function whyNotSsh2(config: SshConfig): Promise<string | null> {
  if (config.proxyJump !== undefined || config.proxyCommand !== undefined) return 'a jump host or proxy command';
  if (config.certificateFiles.length > 0) return 'a certificate';
  if (config.identityAgent !== undefined && config.identityAgent !== 'SSH_AUTH_SOCK') return 'an agent in the ssh configuration';
  const keys = await readKeys(config);
  return typeof keys === 'string' ? keys : null;
}

/** Private keys in ssh's own order: those that exist. The reason when one of them cannot be used here. */
async function readKeys(config: SshConfig): Promise<ParsedKey[] | string> {
  const { utils } = (await import('ssh2')).default;
  const keys: ParsedKey[] = [];
  for (const file of config.identityFiles) {
    let text: Buffer;
    try {
      text = readFileSync(file);
    } catch {
      continue;
    }
    const parsed = utils.parseKey(text);
    if (parsed instanceof Error) return `the key ${file} (${parsed.message})`;
    keys.push(parsed);
  }
  return keys.length === 0 ? 'no key file' : keys;
}

/**
 * One connection for many commands, at a few milliseconds each. The host key is verified against the same
 * known_hosts files that ssh reads; nothing is sent to a host whose key is not known.
 * Throws {@link TransportError} with the phase that failed.
 */
export async function connectSsh2(input: {
  config: SshConfig;
  knownHostsFiles: readonly string[];
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<Transport> {
  const { config, timeoutMs, signal } = input;
  const keys = await readKeys(config);
  if (typeof keys === 'string') throw new TransportError('auth', keys);
  const { Client, utils } = (await import('ssh2')).default;
  const name = config.hostKeyAlias ?? config.hostname;
  const entries = lookupKnownHosts(input.knownHostsFiles, name, config.hostKeyAlias === undefined ? config.port : 22);
  const client = new Client();
  const socket = connect({ host: config.hostname, port: config.port });
  // Without this every small packet waits for a delayed acknowledgement: 90 ms a command instead of 2.5.
  socket.setNoDelay(true);

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
    const timer = setTimeout(() => finish(new TransportError(phase, `no login within ${timeoutMs} ms`)), timeoutMs);
    const cancel = (): void => finish(new TransportError(phase, 'cancelled'));
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('error', (error) => finish(new TransportError('connect', error.message)));
    client.on('error', (error) => finish(new TransportError(phase, error.message)));
    client.on('close', () => finish(new TransportError(phase, 'the server closed the connection')));
    client.on('ready', () => finish());
    let next = 0;
    client.connect({
      sock: socket,
      username: config.user,
      readyTimeout: timeoutMs,
      keepaliveInterval: 5_000,
      keepaliveCountMax: 3,
      algorithms: { serverHostKey: hostKeyAlgorithms(entries.map(({ type }) => type)) },
      hostVerifier: (blob: Buffer) => {
        const parsed = utils.parseKey(blob);
        const type = parsed instanceof Error ? 'unknown' : parsed.type;
        const known = compareHostKey(entries, { type, key: blob.toString('base64') }) === 'match';
        phase = known ? 'auth' : 'host-key';
        return known;
      },
      authHandler: (_left, _partial, callback) => {
        const key = keys[next];
        next += 1;
        // ssh2 takes `false` for "no more to try", which its types leave out.
        callback(key === undefined ? (false as never) : { type: 'publickey', username: config.user, key });
      },
    });
  });
  return transportOver(client);
}

function transportOver(client: Client): Transport {
  const limit = pLimit(maxChannels);
  let lost: string | null = null;
  client.removeAllListeners('error');
  client.removeAllListeners('close');
  client.on('error', (error) => (lost ??= error.message));
  client.on('close', () => (lost ??= 'the server closed the connection'));
  return {
    name: 'ssh2',
    run: (command, options) =>
      limit(async () => {
        if (lost !== null) throw new TransportError('lost', lost);
        for (;;) {
          try {
            return await exec(client, command, options);
          } catch (error) {
            // The server allows fewer channels than we opened: go on with one at a time.
            const refused = error instanceof TransportError && error.phase === 'channel' && limit.concurrency > 1;
            if (!refused) throw error;
            limit.concurrency = 1;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }
      }),
    close: () => {
      client.end();
      client.destroy();
      return Promise.resolve();
    },
  };
}

function exec(client: Client, command: Command, { timeoutMs, signal, stdin }: RunOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const onLost = (): void => reject(new TransportError('lost', 'the connection was lost while the command ran'));
    client.once('close', onLost);
    client.exec(remoteCommandLine(command), (error, channel: ClientChannel | undefined) => {
      if (error !== undefined && error !== null) {
        client.off('close', onLost);
        reject(new TransportError('channel', error.message));
        return;
      }
      if (channel === undefined) return;
      const stdout = new Capped();
      const stderr = new Capped();
      let timedOut = false;
      let exit: { code: number | null; signal: string | null } | null = null;
      channel.on('data', (chunk: Buffer) => stdout.add(chunk));
      channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
      channel.on('exit', (code: number | null, name?: string) => (exit = { code, signal: name ?? null }));
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        client.off('close', onLost);
        if (exit === null && !timedOut && !signal.aborted) {
          onLost();
          return;
        }
        resolve({
          exitCode: timedOut ? null : (exit?.code ?? null),
          signal: exit?.signal ?? null,
          stdout: stdout.text(),
          stderr: stderr.text(),
          durationMs: performance.now() - started,
          timedOut,
          truncated: stdout.truncated || stderr.truncated,
        });
      };
      const end = (): void => {
        channel.signal('TERM');
        channel.close();
        setTimeout(finish, 500).unref();
      };
      const timer = setTimeout(() => {
        timedOut = true;
        end();
      }, timeoutMs);
      signal.addEventListener('abort', end, { once: true });
      channel.on('close', finish);
      channel.end(stdin);
    });
  });
}
