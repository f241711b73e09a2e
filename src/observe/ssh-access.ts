import type { Builder } from '../machines/builder.ts';
import { connectBuilder } from '../transport/connect.ts';
import { type KeptSocket, keptSocket } from '../transport/kept-socket.ts';
import type { DaemonPlace } from '../transport/daemon-place.ts';
import { askSshConfig } from '../transport/shared-config.ts';
import { type AskedConfig, goesToBackground, optionsIn, type SshConfig } from '../transport/ssh-config.ts';
import { type SharedLogin, sharedLogin } from '../transport/shared-login.ts';
import {
  canShareLogin,
  nixSshEnvironment,
  nixSshWords,
  writePinnedKnownHosts,
} from '../transport/ssh-options.ts';
import { sharingSessions } from '../transport/together.ts';
import { sparingDevNull } from '../transport/spare-dev-null.ts';
import type { Transport } from '../transport/transport.ts';
import type { ClientView } from './client-view.ts';
import { logIn, type LoginLimits, type LoginUnderWay, type NixLogin } from './nix-login.ts';
import { canProve, type NotedHost, noteOf } from './noted-host.ts';
import type { Protocol } from './wire/greeting.ts';

/** How Nix reaches one builder by ssh. What is found out once is kept. */
export interface SshAccess {
  /** What ssh is started with. */
  readonly env: Record<string, string>;
  /** A private folder of this run. */
  readonly folder: string;
  /** Where the daemon runs, and ssh with it. */
  readonly place: DaemonPlace;
  /** The program that Nix starts on the builder, and its words. */
  readonly remoteProgram: readonly string[];
  /** What that program speaks. */
  readonly protocol: Protocol;
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
  /** What is noted of the host in the files that this configuration, the builder's, names. */
  notedHost(config: SshConfig): Promise<NotedHost>;
  /** Logs in as Nix does. The first call takes the login that was made ahead. */
  login(limits: LoginLimits): Promise<NixLogin>;
  /** Makes that login now; null where the run makes none, or it is not the builder's turn. */
  loginAhead(): LoginUnderWay | null;
  /** Whether the run makes a login that tells something: of a host that ssh knows, and whose key it verifies. */
  canLearn(signal: AbortSignal): Promise<boolean>;
  /** The builder's turn among those that are logged in to at the same time. */
  readonly turn: LoginTurn;
  /** Hands over a login that is held until the builder is done with; `release` then waits for the end of its ssh. */
  keep(login: SharedLogin, release: () => Promise<void>): void;
  /**
   * A connection for the suite's own commands: the login that is held, else one of its own, by ssh2 or by the real
   * `ssh`. The first call may log in.
   */
  transport(signal: AbortSignal): Promise<Transport>;
  /** From now on the suite's commands write nothing to /dev/null, which the login cannot use. */
  spareDevNull(): void;
  /**
   * A connection of its own beside a login that does not go on; `look` says whether it is needed on, and then it is that of
   * `transport`. False where there is none.
   */
  beside(signal: AbortSignal, look: (transport: Transport) => Promise<boolean>): Promise<boolean>;
  /** How much more time than usual a command that logs in needs, in milliseconds. */
  readonly slowMs: number;
  /** The connection that the look at the port left open. */
  readonly kept: KeptSocket;
  /** Which it was; undefined when there was no login. */
  transportName(): Transport['name'] | undefined;
  close(): Promise<void>;
}

/** Whether it is a builder's turn to be logged in to. */
export interface LoginTurn {
  readonly taken: boolean;
  /** Leaves it for now, because the login takes long. */
  slow(): void;
}

/** A login that takes longer is slow. */
const quickMs = 5_000;

interface AccessInput {
  builder: Builder;
  client: ClientView;
  clientTransport: Transport;
  /** A private folder of this run. */
  folder: string;
  turn: LoginTurn;
  /** How long a login may take; undefined where the run makes none. */
  loginTimeoutMs: number | undefined;
  /** Of the run. */
  signal: AbortSignal;
}

/** The way to a builder, or undefined for an entry that Nix does not reach by ssh. */
export function sshAccess(input: AccessInput): SshAccess {
  const { builder, client, clientTransport, folder, turn, loginTimeoutMs } = input;
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
    (config ??= (async () => {
      const question = {
        words: await nixWords(),
        host: builder.host,
        knownHostsFile: await pinnedKnownHosts(),
        elsewhere: place.root !== '',
      };
      return askSshConfig(question, clientTransport, signal);
    })());
  let noted: Promise<NotedHost> | undefined;
  let transport: Promise<Transport> | undefined;
  let ahead: LoginUnderWay | undefined;
  /** Somebody has looked at the login. */
  let taken = false;
  const closing = new AbortController();
  let slowMs = 0;
  let isDevNullSpared = false;
  const shared = (transport: Transport): Transport =>
    sparingDevNull(sharingSessions(transport), () => isDevNullSpared);
  /** Of a login that was made, the time that later ones need too. */
  const timed = async (login: LoginUnderWay): Promise<NixLogin> => {
    const done = await login.done;
    if (done.seen.durationMs > quickMs) slowMs = Math.ceil(done.seen.durationMs);
    return done;
  };
  const own = async (signal: AbortSignal): Promise<Transport> =>
    connectBuilder({
      words: await nixWords(),
      asked: await askConfig(signal),
      env,
      enter: place.enter,
      folder,
      pinned: await pinnedKnownHosts(),
      slowMs,
      signal,
    });

  const { place } = client.environment;
  const access: SshAccess = {
    env,
    folder,
    place,
    remoteProgram: remoteProgram(builder),
    protocol: builder.scheme === 'ssh-ng' ? 'worker' : 'serve',
    nixWords,
    pinnedKnownHosts,
    config: askConfig,
    notedHost: (asked) => (noted ??= pinnedKnownHosts().then((pinned) => noteOf(asked, pinned, place.root))),
    sharing: async (signal) => {
      const asked = await askConfig(signal);
      if (!asked.ok || !canShareLogin(client.nixVersion)) return null;
      // A login that is held would take the ports that Nix's own needs.
      if (!sharesNothing(asked.config) || forwards(asked.config)) return null;
      // Nothing is left to hold.
      if (goesToBackground(asked.config)) return null;
      return sharedLogin(folder, {
        keepAlive: (optionsIn(asked.config, 'ServerAliveInterval')[0] ?? '0') === '0',
      });
    },
    login: (limits) => {
      const made = taken ? undefined : ahead;
      taken = true;
      return timed(made ?? logIn(access, limits));
    },
    loginAhead: () => {
      if (ahead !== undefined) return ahead;
      if (loginTimeoutMs === undefined || taken || !turn.taken) return null;
      // A server counts connections; this one waits for who asks for the host key.
      kept.close();
      const signal = AbortSignal.any([input.signal, closing.signal]);
      ahead = logIn(access, { timeoutMs: loginTimeoutMs, signal });
      return ahead;
    },
    canLearn: async (signal) => {
      const asked = await askConfig(signal).catch(() => null);
      return (
        loginTimeoutMs !== undefined && asked?.ok === true && canProve(await access.notedHost(asked.config))
      );
    },
    turn,
    keep: (login, release) => {
      held = { login, release };
    },
    transport: (signal) =>
      (transport ??= (async () => {
        const another = (): Promise<Transport> => own(signal);
        connected = shared(held?.login.transport(another) ?? (await another()));
        return connected;
      })()),
    spareDevNull: () => (isDevNullSpared = true),
    beside: async (signal, look) => {
      const beside = await own(signal);
      if (await look(beside)) {
        connected = shared(beside);
        transport ??= Promise.resolve(connected);
        return true;
      }
      await beside.close();
      return false;
    },
    get slowMs() {
      return slowMs;
    },
    kept,
    transportName: () => connected?.name,
    close: async () => {
      kept.close();
      closing.abort();
      await ahead?.done.catch(() => undefined);
      await connected?.close();
      held?.login.letGo();
      await held?.release();
    },
  };
  return access;
}

/** ssh makes a connection of its own for each that asks, and keeps none. */
function sharesNothing(config: SshConfig): boolean {
  const [master = 'no'] = optionsIn(config, 'ControlMaster');
  const [path = 'none'] = optionsIn(config, 'ControlPath');
  return ['no', 'false'].includes(master) && path === 'none';
}

/** Whether each login opens ports or network devices: two at the same time get in each other's way. */
function forwards(config: SshConfig): boolean {
  const [tunnel = 'no'] = optionsIn(config, 'Tunnel');
  return (
    !['no', 'false'].includes(tunnel) ||
    ['LocalForward', 'RemoteForward', 'DynamicForward'].some((option) => optionsIn(config, option).length > 0)
  );
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
