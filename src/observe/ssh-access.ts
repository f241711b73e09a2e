import type { Builder } from '../machines/builder.ts';
import { connectBuilder } from '../transport/connect.ts';
import { type KeptSocket, keptSocket } from '../transport/kept-socket.ts';
import { type AskedConfig, resolveSshConfig, type SshConfig } from '../transport/ssh-config.ts';
import { type SharedLogin, sharedLogin } from '../transport/shared-login.ts';
import {
  canShareLogin,
  nixSshEnvironment,
  nixSshWords,
  writePinnedKnownHosts,
} from '../transport/ssh-options.ts';
import type { Transport } from '../transport/transport.ts';
import type { ClientView } from './client-view.ts';

/** How Nix reaches one builder by ssh. What is found out once is kept. */
export interface SshAccess {
  /** What ssh is started with. */
  readonly env: Record<string, string>;
  /** The program that Nix starts on the builder, and its words. */
  readonly remoteProgram: readonly string[];
  /** Every word between `ssh` and the remote program, as this client's Nix writes them. */
  nixWords(): Promise<string[]>;
  /** The `known_hosts` file that Nix makes from the eighth column; null where the entry pins no key. */
  pinnedKnownHosts(): Promise<string | null>;
  /** What `ssh -G` says with those words. */
  config(signal: AbortSignal): Promise<AskedConfig>;
  /**
   * What makes the next login one that Nix's own `ssh` can use too; null where ssh's configuration has its own mind
   * about that (ControlMaster), or this Nix cannot.
   */
  sharing(signal: AbortSignal): Promise<SharedLogin | null>;
  /** Hands over a login that is held until the builder is done with; `release` then waits for the end of its ssh. */
  keep(login: SharedLogin, release: () => Promise<void>): void;
  /**
   * A connection for the suite's own commands: the login that is held, else one of its own, by ssh2 or by the real
   * `ssh`. The first call may log in.
   */
  transport(signal: AbortSignal): Promise<Transport>;
  /** The connection that the look at the port left open. */
  readonly kept: KeptSocket;
  /** Which it was; undefined when there was no login. */
  transportName(): Transport['name'] | undefined;
  close(): Promise<void>;
}

interface AccessInput {
  builder: Builder;
  client: ClientView;
  clientTransport: Transport;
  /** A private folder of this run. */
  folder: string;
}

/** The way to a builder, or undefined for an entry that Nix does not reach by ssh. */
export function sshAccess({ builder, client, clientTransport, folder }: AccessInput): SshAccess {
  const once = memo();
  const kept = keptSocket();
  let held: { login: SharedLogin; release: () => Promise<void> } | undefined;
  let connected: Transport | undefined;
  const env = nixSshEnvironment(client.environment.env, client.nixVersion);

  const pinnedKnownHosts = once(async () =>
    builder.publicHostKey === '' ? null : writePinnedKnownHosts(builder.host, builder.publicHostKey, folder),
  );
  const nixWords = once(async () => {
    const knownHostsFile = await pinnedKnownHosts();
    return nixSshWords({
      host: builder.host,
      user: builder.user,
      port: builder.port,
      sshKey: builder.sshKey,
      compress: builder.params['compress'] === 'true',
      knownHostsFile,
      nixSshOpts: env['NIX_SSHOPTS'] ?? '',
      nixVersion: client.nixVersion,
    });
  });
  let config: Promise<AskedConfig> | undefined;
  const askConfig = (signal: AbortSignal): Promise<AskedConfig> =>
    (config ??= nixWords().then((words) => resolveSshConfig(words, clientTransport, signal)));
  let transport: Promise<Transport> | undefined;

  return {
    env,
    remoteProgram: remoteProgram(builder),
    nixWords,
    pinnedKnownHosts,
    config: askConfig,
    sharing: async (signal) => {
      const asked = await askConfig(signal);
      if (!asked.ok || !sharesNothing(asked.config) || !canShareLogin(client.nixVersion)) return null;
      return sharedLogin(folder, {
        keepAlive: (asked.config.raw['serveraliveinterval']?.[0] ?? '0') === '0',
      });
    },
    keep: (login, release) => {
      held = { login, release };
    },
    transport: (signal) =>
      (transport ??= (async () => {
        const own = async (): Promise<Transport> =>
          connectBuilder({
            words: await nixWords(),
            asked: await askConfig(signal),
            env,
            folder,
            pinned: await pinnedKnownHosts(),
            signal,
          });
        connected = held?.login.transport(own) ?? (await own());
        return connected;
      })()),
    kept,
    transportName: () => connected?.name,
    close: async () => {
      kept.close();
      await connected?.close();
      held?.login.letGo();
      await held?.release();
    },
  };
}

/** ssh makes a connection of its own for each that asks, and keeps none. */
function sharesNothing({ raw }: SshConfig): boolean {
  const [master = 'no'] = raw['controlmaster'] ?? [];
  const [path = 'none'] = raw['controlpath'] ?? [];
  return ['no', 'false'].includes(master) && path === 'none';
}

/** `nix-daemon --stdio` for ssh-ng, `nix-store --serve --write` for ssh; `remote-program` and `remote-store` change it. */
function remoteProgram({ scheme, params }: Builder): string[] {
  const ng = scheme === 'ssh-ng';
  const program = (params['remote-program'] ?? (ng ? 'nix-daemon' : 'nix-store'))
    .split(/\s+/)
    .filter((word) => word !== '');
  const store = params['remote-store'];
  return [...program, ...(ng ? ['--stdio'] : ['--serve', '--write']), ...(store ? ['--store', store] : [])];
}

/** Makes a function of no arguments run once. */
function memo(): <T>(make: () => Promise<T>) => () => Promise<T> {
  return (make) => {
    let made: ReturnType<typeof make> | undefined;
    return () => (made ??= make());
  };
}
