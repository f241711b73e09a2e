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
  /** What ssh is started with. */
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
   * What makes the next login one that Nix's own `ssh` can use too; null where ssh's configuration has its own mind
   * about that (ControlMaster), or this Nix cannot.
   */
  sharing(signal: AbortSignal): Promise<SharedLogin | null>;
  /** What is noted of the host in the files that this configuration, the builder's, names. */
  knownHost(config: SshConfig): Promise<KnownHostLookup>;
  /** Logs in as Nix does. The first call takes the login that was made ahead. */
  login(limits: LoginLimits): Promise<NixLogin>;
  /** Makes that login now; null where the run makes none, or it is not the builder's turn. */
  startLoginEarly(): LoginUnderWay | null;
  /** Whether the run makes a login that tells something: of a host that ssh knows, and whose key it verifies. */
  loginVerifiesHostKey(signal: AbortSignal): Promise<boolean>;
  /** The builder's turn among those that are logged in to at the same time. */
  readonly loginSlot: BuilderLoginSlot;
  /** Hands over a login that is held until the builder is done with; `release` then waits for the end of its ssh. */
  keep(login: SharedLogin, release: () => Promise<void>): void;
  /**
   * A connection for the suite's own commands: the login that is held, else one of its own, by ssh2 or by the real
   * `ssh`. The first call may log in.
   */
  transport(signal: AbortSignal): Promise<Transport>;
  /** From now on the suite's commands do not write to /dev/null, which the login cannot use. */
  spareDevNull(): void;
  /**
   * A connection of its own beside a login that does not go on; `look` says whether it is needed on, and then it is that of
   * `transport`. False where there is none.
   */
  withSeparateConnection(
    signal: AbortSignal,
    look: (transport: Transport) => Promise<boolean>,
  ): Promise<boolean>;
  /** How much more time than usual a command that logs in needs, in milliseconds. */
  readonly slowMs: number;
  /** The connection that the look at the port left open. */
  readonly greetedSocket: GreetedSocket;
  /** Which it was; undefined when there was no login. */
  transportName(): Transport['name'] | undefined;
  close(): Promise<void>;
}

/** Whether it is a builder's turn to be logged in to. */
export interface BuilderLoginSlot {
  readonly acquired: boolean;
  /** Leaves it for now, because the login takes long. */
  releaseAsSlow(): void;
}
