import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveInside } from '../../src/support/resolve-inside.ts';
import type { HostSpec, Profile } from './profile.ts';
import { type ProfileName, profiles } from './profiles/index.ts';
import type { NixVersion } from './rootfs.ts';
import { initEnvironment } from './start-script.ts';

/** How a command inside a host ended. */
export interface Ran {
  /** -1: a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunInside {
  env?: Record<string, string>;
  input?: string;
  timeoutMs?: number;
}

/** A host is slow to start on a machine that does much else. */
const startTimeoutMs = 120_000;

/** A machine in namespaces of its own: mounts, host name, processes. Its network is the real machine's loopback. */
export class Host {
  readonly name: string;
  readonly nix: NixVersion;
  readonly address: string;
  /** Of sshd. */
  readonly port: number;
  readonly profile: Profile;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #init = 0;

  private constructor(profile: Profile, spec: HostSpec, process: ChildProcess) {
    this.profile = profile;
    this.name = spec.name;
    this.nix = spec.nix;
    this.address = spec.address;
    this.port = spec.sshd?.port ?? 22;
    this.#folder = spec.folder;
    this.#process = process;
  }

  /** Starts it, and waits until its services answer. */
  static async start(profileName: ProfileName, spec: HostSpec): Promise<Host> {
    const profile: Profile = profiles[profileName];
    const [program = '', ...words] = await profile.layOut(spec);
    const child = spawn(program, words, { stdio: 'ignore' });
    child.unref();
    const host = new Host(profile, spec, child);
    try {
      await host.#ready(spec);
    } catch (error) {
      const log = readFileSync(join(spec.folder, 'start.log'), 'utf8');
      await host.stop();
      throw new Error(`${spec.name} does not start: ${log}`, { cause: error });
    }
    return host;
  }

  /** Runs a shell command inside as root. Never throws for its exit code. */
  sh(command: string, options: RunInside = {}): Promise<Ran> {
    return this.run(['sh', '-c', command], options);
  }

  /** Runs a program inside as root, with a plain environment. */
  async run(argv: readonly string[], { env = {}, input, timeoutMs = 120_000 }: RunInside = {}): Promise<Ran> {
    const { path = initEnvironment.PATH } = this.profile;
    const plain = { ...initEnvironment, PATH: path, LANG: 'C.UTF-8' };
    const child = spawn('nsenter', [...this.enter(), ...argv], { env: { ...plain, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // What it started may hold them open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, timeoutMs);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { exitCode: code ?? -1, stdout, stderr };
  }

  /** Of its first process, seen from outside. */
  get pid(): number {
    return this.#init;
  }

  /** Words for `nsenter` to get inside; what runs there ends when `nsenter` does. */
  enter(): string[] {
    const { setpriv = 'setpriv' } = this.profile;
    return ['-t', String(this.#init), ...`-m -u -i -C -p -r -w -- ${setpriv} --pdeathsig KILL`.split(' ')];
  }

  /** A file of the host, seen from outside. */
  path(inside: string): string {
    return this.profile.outside?.(this.#folder, inside) ?? resolveInside(`/proc/${this.#init}/root`, inside);
  }

  write(inside: string, text: string, mode = 0o644): void {
    const path = this.path(inside);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }

  /** Ends sshd and all its connections. */
  async stopSshd(): Promise<void> {
    await this.sh(this.profile.services.sshd.stop);
    await until(async () => !(await this.#listens()), `sshd of ${this.name} goes away`);
  }

  async startSshd(): Promise<void> {
    const { exitCode, stderr } = await this.sh(this.profile.services.sshd.start);
    if (exitCode !== 0)
      throw new Error(`sshd of ${this.name} does not start: ${stderr}${await this.sshdLog()}`);
    await this.sshdAnswers();
  }

  async sshdAnswers(): Promise<void> {
    await until(() => this.#listens(), `sshd of ${this.name} answers`);
  }

  /** Ends sshd and all its connections, and starts it. */
  async restartSshd(): Promise<void> {
    await this.stopSshd();
    await this.startSshd();
  }

  /** What sshd wrote so far. */
  async sshdLog(): Promise<string> {
    return (await this.sh(this.profile.services.sshd.log)).stdout;
  }

  /** Ends nix-daemon and all its connections. */
  async stopDaemon(): Promise<void> {
    await this.sh(this.profile.services.daemon.stop);
  }

  async startDaemon(): Promise<void> {
    await this.sh(this.profile.services.daemon.start);
    await until(() => this.#hasDaemonSocket(), `the daemon of ${this.name} makes its socket`);
  }

  /** Ends nix-daemon and all its connections, and starts it. */
  async restartDaemon(): Promise<void> {
    await this.stopDaemon();
    await this.startDaemon();
  }

  /** What nix-daemon wrote so far. */
  async daemonLog(): Promise<string> {
    return (await this.sh(this.profile.services.daemon.log)).stdout;
  }

  /** Ends every process of the host, and waits until they are gone. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.ref();
    const gone = once(this.#process, 'exit');
    if (this.#init > 0) process.kill(this.#init, 'SIGKILL');
    else this.#process.kill('SIGKILL');
    await gone;
  }

  async #ready({ sshd, daemon }: HostSpec): Promise<void> {
    const pidFile = join(this.#folder, 'init.pid');
    await until(() => {
      if (this.#process.exitCode !== null) throw new Error('its first process ended');
      if (this.#init === 0 && existsSync(pidFile)) this.#init = Number(readFileSync(pidFile, 'utf8'));
      return this.#init > 0 && this.profile.started(this);
    }, 'it starts');
    if (daemon) await until(() => this.#hasDaemonSocket(), 'its daemon makes its socket');
    if (sshd !== null) await until(() => this.#listens(), 'its sshd answers');
  }

  #hasDaemonSocket(): boolean {
    return existsSync(this.path('/nix/var/nix/daemon-socket/socket'));
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ host: this.address, port: this.port });
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + startTimeoutMs;
  while (performance.now() < end) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`waited ${startTimeoutMs / 1000} s in vain: ${what}`);
}
