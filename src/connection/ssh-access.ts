import type { AskedConfig, SshConfig } from '../ssh/effective-config.ts';
import type { KnownHostLookup } from '../ssh/known-host-lookup.ts';
import type { Protocol } from '../nix/protocol/greeting.ts';
import type { GreetedSocket } from '../transport/greeted-socket.ts';
import type { DaemonNamespaces } from '../transport/namespaces.ts';
import type { Transport } from '../transport/transport.ts';
import type { LoginLimits, LoginUnderWay, NixLogin } from './login.ts';
import type { SharedLogin } from './shared-login.ts';

/** How Nix reaches one builder by ssh. Everything is found out once. */
export interface SshAccess {
  /** The environment of ssh. */
  readonly env: Record<string, string>;
  /** A private folder of this run. */
  readonly folder: string;
  /** Where the daemon runs, and ssh with it. */
  readonly place: DaemonNamespaces;
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
   * Makes the next login one that Nix's own `ssh` can use too; null where ssh's configuration sets ControlMaster itself, or
   * this Nix cannot use one.
   */
  sharing(signal: AbortSignal): Promise<SharedLogin | null>;
  /** What is noted of the host in the files that this configuration, the builder's, names. */
  knownHost(config: SshConfig): Promise<KnownHostLookup>;
  /** Logs in as Nix does. The first call returns the early login, if there is one. */
  login(limits: LoginLimits): Promise<NixLogin>;
  /** Starts that login now; null where the run makes none, or the builder has no login slot. */
  startLoginEarly(): LoginUnderWay | null;
  /** Whether the run makes a login that verifies the host key: ssh knows the host and checks strictly. */
  loginVerifiesHostKey(signal: AbortSignal): Promise<boolean>;
  /** Limits how many builders are logged in to at the same time. */
  readonly loginSlot: BuilderLoginSlot;
  /** Takes over a login, to hold until {@link SshAccess.close}; `release` then waits for the end of its ssh. */
  keep(login: SharedLogin, release: () => Promise<void>): void;
  /**
   * A connection for the suite's commands: the held login, else a separate one, by ssh2 or by the real `ssh`. The first
   * call may log in.
   */
  transport(signal: AbortSignal): Promise<Transport>;
  /** From now on the suite's commands do not write to /dev/null, which the login cannot use. */
  spareDevNull(): void;
  /**
   * Opens a separate connection beside a login that hangs. Where `look` returns true the connection stays and becomes the
   * one of `transport`.
   */
  withSeparateConnection(
    signal: AbortSignal,
    look: (transport: Transport) => Promise<boolean>,
  ): Promise<boolean>;
  /** How much more time than usual a command that logs in needs, in milliseconds. */
  readonly slowMs: number;
  /** The connection that the port check left open. */
  readonly greetedSocket: GreetedSocket;
  /** Which transport was used; undefined where there was no login. */
  transportName(): Transport['name'] | undefined;
  close(): Promise<void>;
}

/** What a connection needs of the builder's login slot. */
export interface BuilderLoginSlot {
  readonly acquired: boolean;
  /** Releases the slot because the login is slow. */
  releaseAsSlow(): void;
}
