import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HostOptions, layOut, outside, startNixDaemon, startSshServer } from './lay-out.ts';
import { type NixVersion, rootfs } from './rootfs.ts';

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

const daemonSocket = '/nix/var/nix/daemon-socket/socket';

/** A machine in namespaces of its own: mounts, host name, processes. Its network is the real machine's loopback. */
export class Host {
  readonly name: string;
  readonly nix: NixVersion;
  readonly address: string;
  /** Of sshd. */
  readonly port: number;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #init = 0;

  private constructor(options: HostOptions & { nix: NixVersion }, process: ChildProcess) {
    this.name = options.name;
    this.nix = options.nix;
    this.address = options.address;
    this.port = options.sshd?.port ?? 22;
    this.#folder = options.folder;
    this.#process = process;
  }

  /** Starts it, and waits until its services answer. */
  static async start(options: HostOptions & { nix: NixVersion }): Promise<Host> {
    const script = layOut(options, await rootfs(options.nix));
    // When this process dies, so does the host with all that runs in it: nothing is left behind.
    const words = '--pdeathsig KILL unshare --kill-child=KILL -m -u -p -f bash'.split(' ');
    const child = spawn('setpriv', [...words, script], { stdio: 'ignore' });
    child.unref();
    const host = new Host(options, child);
    try {
      await host.#ready(options);
    } catch (error) {
      const log = readFileSync(host.path('/tmp/start.log'), 'utf8');
      await host.stop();
      throw new Error(`${options.name} does not start: ${log}`, { cause: error });
    }
    return host;
  }

  /** Runs a shell command inside as root. Never throws for its exit code. */
  sh(command: string, options: RunInside = {}): Promise<Ran> {
    return this.run(['sh', '-c', command], options);
  }

  /** Runs a program inside as root, with a plain environment. */
  async run(argv: readonly string[], { env = {}, input, timeoutMs = 120_000 }: RunInside = {}): Promise<Ran> {
    const plain = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      USER: 'root',
      LANG: 'C.UTF-8',
    };
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
    return ['-t', String(this.#init), ...'-m -u -p -r -w -- setpriv --pdeathsig KILL'.split(' ')];
  }

  /** A file of the host, seen from outside; only in the parts that are its own. */
  path(inside: string): string {
    return outside(this.#folder, inside);
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
    await this.sh('pkill -KILL sshd; rm -f /run/sshd.pid');
    await until(async () => !(await this.#listens()), `sshd of ${this.name} goes away`);
  }

  async startSshd(): Promise<void> {
    const { exitCode, stderr } = await this.sh(startSshServer);
    if (exitCode !== 0) throw new Error(`sshd of ${this.name} does not start: ${stderr}${this.sshdLog()}`);
    await until(() => this.#listens(), `sshd of ${this.name} answers`);
  }

  /** What sshd wrote so far. */
  sshdLog(): string {
    return this.read('/tmp/sshd.log');
  }

  /** Ends nix-daemon and all its connections. */
  async stopDaemon(): Promise<void> {
    await this.sh(`pkill -KILL nix-daemon; rm -f ${daemonSocket}`);
  }

  async startDaemon(): Promise<void> {
    await this.sh(startNixDaemon);
    await until(() => existsSync(this.path(daemonSocket)), `the daemon of ${this.name} makes its socket`);
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

  async #ready({ sshd, daemon = true }: HostOptions): Promise<void> {
    await until(() => {
      if (this.#process.exitCode !== null) throw new Error('its first process ended');
      return existsSync(this.path('/tmp/started'));
    }, 'it starts');
    this.#init = Number(readFileSync(join(this.#folder, 'init.pid'), 'utf8'));
    if (daemon) await until(() => existsSync(this.path(daemonSocket)), 'its daemon makes its socket');
    if (sshd !== null) await until(() => this.#listens(), 'its sshd answers');
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
  for (let tries = 0; tries < 3000; tries += 1) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`waited 30 s in vain: ${what}`);
}
