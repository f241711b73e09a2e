import type { Builder } from '../machines/builder.ts';
import type { ClientView } from '../nix/client-view.ts';
import type { Protocol } from '../nix/protocol/greeting.ts';
import { type AskedConfig, goesToBackground, optionsIn, type SshConfig } from '../ssh/effective-config.ts';
import { type KnownHostLookup, lookUpKnownHost, verifiesHostKey } from '../ssh/known-host-lookup.ts';
import {
  canShareLogin,
  nixSshEnvironment,
  nixSshWords,
  writePinnedKnownHosts,
} from '../ssh/nix-ssh-words.ts';
import { askSshConfig } from '../ssh/shared-config.ts';
import { once } from '../support/once.ts';
import { batchingTransport } from '../transport/command-batch.ts';
import { type GreetedSocket, greetedSocket } from '../transport/greeted-socket.ts';
import type { DaemonNamespaces } from '../transport/namespaces.ts';
import type { Transport } from '../transport/transport.ts';
import { connectBuilder } from './connect.ts';
import type { LoginLimits, LoginUnderWay, NixLogin } from './login.ts';
import { logIn } from './nix-login.ts';
import { type SharedLogin, sharedLogin } from './shared-login.ts';
import { sparingDevNull } from './spare-dev-null.ts';
import type { BuilderLoginSlot, SshAccess } from './ssh-access.ts';

/** A login that takes longer is slow. */
const quickMs = 5_000;

interface AccessInput {
  builder: Builder;
  client: ClientView;
  clientTransport: Transport;
  /** A private folder of this run. */
  folder: string;
  loginSlot: BuilderLoginSlot;
  /** How long a login may take; undefined where the run makes none. */
  loginTimeoutMs: number | undefined;
  /** Of the run. */
  signal: AbortSignal;
}

/** The way to a builder that Nix reaches by ssh. {@link BuilderAccess.close} must be called. */
export function sshAccess(input: AccessInput): SshAccess {
  return new BuilderAccess(input);
}

class BuilderAccess implements SshAccess {
  readonly env: Record<string, string>;
  readonly folder: string;
  readonly place: DaemonNamespaces;
  readonly remoteProgram: readonly string[];
  readonly protocol: Protocol;
  readonly loginSlot: BuilderLoginSlot;
  readonly greetedSocket: GreetedSocket = greetedSocket();
  slowMs = 0;

  private readonly input: AccessInput;
  private readonly closing = new AbortController();
  /** Made before anything asked for it. */
  private earlyLogin: LoginUnderWay | undefined;
  private loginWasUsed = false;
  private sparesDevNull = false;
  /** A login that goes on, over which commands can be run. */
  private held: { login: SharedLogin; release: () => Promise<void> } | undefined;
  private connected: Transport | undefined;
  private connecting: Promise<Transport> | undefined;

  constructor(input: AccessInput) {
    const { builder, client, folder, loginSlot } = input;
    this.input = input;
    this.env = nixSshEnvironment(client.environment.env, client.nixVersion);
    this.folder = folder;
    this.place = client.environment.place;
    this.remoteProgram = remoteProgram(builder);
    this.protocol = builder.scheme === 'ssh-ng' ? 'worker' : 'serve';
    this.loginSlot = loginSlot;
  }

  readonly pinnedKnownHosts = once(async (): Promise<string | null> => {
    const { builder, folder } = this.input;
    return builder.publicHostKey === ''
      ? null
      : writePinnedKnownHosts(builder.host, builder.publicHostKey, folder);
  });

  readonly nixWords = once(async (): Promise<string[]> => {
    const { builder, client } = this.input;
    const knownHostsFile = await this.pinnedKnownHosts();
    return nixSshWords({
      host: builder.host,
      user: builder.user,
      port: builder.port,
      sshKey: builder.sshKey,
      compress: builder.params['compress'] === 'true',
      knownHostsFile,
      nixSshOpts: this.env['NIX_SSHOPTS'] ?? '',
      nixVersion: client.nixVersion,
    });
  });

  readonly config = once(async (signal: AbortSignal): Promise<AskedConfig> => {
    const question = {
      words: await this.nixWords(),
      host: this.input.builder.host,
      knownHostsFile: await this.pinnedKnownHosts(),
      elsewhere: this.place.root !== '',
    };
    return askSshConfig(question, this.input.clientTransport, signal);
  });

  readonly knownHost = once(async (config: SshConfig): Promise<KnownHostLookup> =>
    lookUpKnownHost(config, await this.pinnedKnownHosts(), this.place.root),
  );

  async sharing(signal: AbortSignal): Promise<SharedLogin | null> {
    const asked = await this.config(signal);
    if (!asked.ok || !canShareLogin(this.input.client.nixVersion)) return null;
    // A shared login would hold the ports that Nix's own login needs.
    if (!sharesNothing(asked.config) || forwards(asked.config)) return null;
    // ssh in the background leaves no process to hold.
    if (goesToBackground(asked.config)) return null;
    return sharedLogin(this.folder, {
      keepAlive: (optionsIn(asked.config, 'ServerAliveInterval')[0] ?? '0') === '0',
    });
  }

  async login(limits: LoginLimits): Promise<NixLogin> {
    const early = this.loginWasUsed ? undefined : this.earlyLogin;
    this.loginWasUsed = true;
    const login = await (early ?? logIn(this, limits)).done;
    if (login.seen.durationMs > quickMs) this.slowMs = Math.ceil(login.seen.durationMs);
    return login;
  }

  startLoginEarly(): LoginUnderWay | null {
    if (this.earlyLogin !== undefined) return this.earlyLogin;
    const { loginTimeoutMs } = this.input;
    if (loginTimeoutMs === undefined || this.loginWasUsed || !this.loginSlot.acquired) return null;
    // A server counts connections, and this one waits for a host-key check that the login makes needless.
    this.greetedSocket.close();
    const signal = AbortSignal.any([this.input.signal, this.closing.signal]);
    this.earlyLogin = logIn(this, { timeoutMs: loginTimeoutMs, signal });
    return this.earlyLogin;
  }

  async loginVerifiesHostKey(signal: AbortSignal): Promise<boolean> {
    if (this.input.loginTimeoutMs === undefined) return false;
    const asked = await this.config(signal).catch(() => null);
    return asked?.ok === true && verifiesHostKey(await this.knownHost(asked.config));
  }

  keep(login: SharedLogin, release: () => Promise<void>): void {
    this.held = { login, release };
  }

  transport(signal: AbortSignal): Promise<Transport> {
    this.connecting ??= (async () => {
      const separate = (): Promise<Transport> => this.connectSeparately(signal);
      this.connected = this.shared(this.held?.login.transport(separate) ?? (await separate()));
      return this.connected;
    })();
    return this.connecting;
  }

  spareDevNull(): void {
    this.sparesDevNull = true;
  }

  async withSeparateConnection(
    signal: AbortSignal,
    look: (transport: Transport) => Promise<boolean>,
  ): Promise<boolean> {
    const separate = await this.connectSeparately(signal);
    if (await look(separate)) {
      this.connected = this.shared(separate);
      this.connecting ??= Promise.resolve(this.connected);
      return true;
    }
    await separate.close();
    return false;
  }

  transportName(): Transport['name'] | undefined {
    return this.connected?.name;
  }

  async close(): Promise<void> {
    this.greetedSocket.close();
    this.closing.abort();
    await this.earlyLogin?.done.catch(() => undefined);
    await this.connected?.close();
    this.held?.login.release();
    await this.held?.release();
  }

  private shared(transport: Transport): Transport {
    return sparingDevNull(batchingTransport(transport), () => this.sparesDevNull);
  }

  private async connectSeparately(signal: AbortSignal): Promise<Transport> {
    return connectBuilder({
      words: await this.nixWords(),
      asked: await this.config(signal),
      env: this.env,
      enter: this.place.enter,
      folder: this.folder,
      pinned: await this.pinnedKnownHosts(),
      slowMs: this.slowMs,
      signal,
    });
  }
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
