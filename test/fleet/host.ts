import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NixVersion, rootfs } from './rootfs.ts';

/** How a command inside a host ended. */
export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunInside {
  env?: Record<string, string>;
  input?: string;
  timeoutMs?: number;
}

export interface HostOptions {
  name: string;
  nix: NixVersion;
  address: string;
  /** A folder of the fleet's for this host alone. */
  folder: string;
  nixConf: Readonly<Record<string, string>>;
  /** Lines for sshd_config; null: this host has no SSH server. */
  sshd: readonly string[] | null;
  /** Shell that runs as the host starts, before its services. */
  prepare?: string;
}

/** Parts of a host's file system that are its own; the rest is shared and left alone. */
const ownFolders = {
  nix: 'nix',
  'etc-nix': 'etc/nix',
  'etc-ssh': 'etc/ssh',
  root: 'root',
  home: 'home',
  tmp: 'tmp',
} as const;
const ownFiles = ['passwd', 'group', 'shadow', 'hosts'] as const;

/** A machine in namespaces of its own: mounts, host name, processes. Its network is the real machine's loopback. */
export class Host {
  readonly name: string;
  readonly nix: NixVersion;
  readonly address: string;
  readonly #folder: string;
  readonly #root: string;
  #process: ChildProcess;
  #init = 0;

  private constructor(options: HostOptions, root: string, process: ChildProcess) {
    this.name = options.name;
    this.nix = options.nix;
    this.address = options.address;
    this.#folder = options.folder;
    this.#root = root;
    this.#process = process;
  }

  /** Starts it, and waits until its services answer. */
  static async start(options: HostOptions): Promise<Host> {
    const root = await rootfs(options.nix);
    layOut(options, root);
    const child = spawn(
      'setpriv',
      // When this process dies, so does the host: nothing is left behind.
      [
        '--pdeathsig',
        'KILL',
        'unshare',
        '--kill-child=KILL',
        '-m',
        '-u',
        '-p',
        '-f',
        'bash',
        join(options.folder, 'start.sh'),
      ],
      { stdio: 'ignore' },
    );
    child.unref();
    const host = new Host(options, root, child);
    await host.#ready(options.sshd !== null);
    return host;
  }

  /** Runs a shell command inside as root. Never throws for its exit code. */
  sh(command: string, options: RunInside = {}): Promise<Ran> {
    return this.run(['sh', '-c', command], options);
  }

  /** Runs a program inside as root, with a plain environment. */
  run(argv: readonly string[], { env = {}, input, timeoutMs = 120_000 }: RunInside = {}): Promise<Ran> {
    const plain = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      USER: 'root',
      LANG: 'C.UTF-8',
      ...env,
    };
    const child = spawn('nsenter', [...this.enter(), ...argv], {
      env: plain,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ exitCode: code ?? -1, stdout, stderr });
      });
    });
  }

  /** Words for `nsenter` to get inside. */
  enter(): string[] {
    return ['-t', String(this.#init), '-m', '-u', '-p', '-r', '-w', '--'];
  }

  /** A file of the host, seen from outside; only in the parts that are its own. */
  path(inside: string): string {
    for (const [own, where] of Object.entries(ownFolders)) {
      if (inside === `/${where}` || inside.startsWith(`/${where}/`))
        return join(this.#folder, own, inside.slice(where.length + 1));
    }
    const file = ownFiles.find((name) => inside === `/etc/${name}`);
    if (file !== undefined) return join(this.#folder, 'etc', file);
    throw new Error(`${inside} is not a part of the host that is its own`);
  }

  write(inside: string, text: string, mode = 0o644): void {
    const path = this.path(inside);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8');
  }

  /** Whether the host lives in the machine's own root folder. */
  get ownRoot(): boolean {
    return this.#root === '/';
  }

  async stopSshd(): Promise<void> {
    await this.sh(
      'kill $(cat /run/sshd.pid); pkill -KILL -x sshd; pkill -KILL -f sshd-session; rm -f /run/sshd.pid',
    );
    await until(async () => !(await listens(this.address)), 'sshd goes away');
  }

  async startSshd(): Promise<void> {
    const { exitCode, stderr } = await this.sh('/usr/sbin/sshd -E /tmp/sshd.log');
    if (exitCode !== 0)
      throw new Error(`sshd of ${this.name} does not start: ${stderr}${this.read('/tmp/sshd.log')}`);
    await until(() => listens(this.address), 'sshd answers');
  }

  async stopDaemon(): Promise<void> {
    await this.sh('pkill -KILL -x nix-daemon; pkill -KILL -f "nix-daemon --daemon"; true');
  }

  async startDaemon(): Promise<void> {
    await this.sh(
      'rm -f /nix/var/nix/daemon-socket/socket; setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 &',
    );
    await until(
      () => Promise.resolve(existsSync(this.path('/nix/var/nix/daemon-socket/socket'))),
      'the daemon makes its socket',
    );
  }

  /** Ends every process of the host. */
  stop(): void {
    if (this.#init > 0) {
      try {
        process.kill(this.#init, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
    this.#process.kill('SIGKILL');
  }

  async #ready(sshd: boolean): Promise<void> {
    await until(() => {
      return Promise.resolve(existsSync(join(this.#folder, 'tmp', 'started')));
    }, `${this.name} starts (see ${this.#folder}/tmp/start.log)`);
    this.#init = Number(readFileSync(join(this.#folder, 'init.pid'), 'utf8'));
    await until(
      () => Promise.resolve(existsSync(this.path('/nix/var/nix/daemon-socket/socket'))),
      `the daemon of ${this.name} makes its socket`,
    );
    if (sshd) await until(() => listens(this.address), `sshd of ${this.name} answers`);
  }
}

function layOut({ name, folder, nixConf, sshd, address, prepare = '' }: HostOptions, root: string): void {
  const prefix = root === '/' ? '' : root;
  for (const own of Object.keys(ownFolders))
    mkdirSync(join(folder, own), { recursive: true, mode: own === 'root' ? 0o700 : 0o755 });
  mkdirSync(join(folder, 'etc'), { recursive: true });
  for (const file of ownFiles) copyFileSync(join(root, 'etc', file), join(folder, 'etc', file));
  writeFileSync(join(folder, 'etc/hosts'), `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`);
  writeFileSync(
    join(folder, 'etc-nix/nix.conf'),
    Object.entries(nixConf)
      .map(([key, value]) => `${key} = ${value}\n`)
      .join(''),
  );
  writeFileSync(join(folder, 'etc-ssh/ssh_config'), 'Include /etc/ssh/ssh_config.d/*.conf\n');
  mkdirSync(join(folder, 'etc-ssh/ssh_config.d'));
  if (sshd !== null) {
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-C',
      `root@${name}`,
      '-f',
      join(folder, 'etc-ssh/ssh_host_ed25519_key'),
    ]);
    writeFileSync(join(folder, 'etc-ssh/sshd_config'), `${sshd.join('\n')}\n`);
  }
  const binds = [
    ...ownFiles.map((file) => `mount --bind ${folder}/etc/${file} ${prefix}/etc/${file}`),
    `mount -t proc proc ${prefix}/proc`,
    `mount -t tmpfs -o mode=755 tmpfs ${prefix}/run`,
    ...(prefix === ''
      ? []
      : [
          `mount --rbind /dev ${prefix}/dev`,
          `mount --bind ${process.execPath} ${prefix}/usr/local/bin/node`,
        ]),
    `mount --bind ${process.cwd()} ${prefix}/mnt`,
    // Last, for the folder itself may lie in /tmp.
    ...Object.entries(ownFolders).map(([own, where]) => `mount --bind ${folder}/${own} ${prefix}/${where}`),
  ];
  const inside = [
    'chmod 1777 /tmp',
    'mkdir -p /run/sshd',
    prepare,
    'setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 &',
    sshd === null ? '' : '/usr/sbin/sshd -E /tmp/sshd.log',
    'touch /tmp/started',
    'while :; do sleep 1000 & wait $!; done',
  ].join('\n');
  writeFileSync(join(folder, 'tmp/init.sh'), inside);
  const init = prefix === '' ? 'exec bash /tmp/init.sh' : `exec chroot ${prefix} bash /tmp/init.sh`;
  writeFileSync(
    join(folder, 'start.sh'),
    [
      'set -eu',
      `exec >${folder}/tmp/start.log 2>&1 </dev/null`,
      'cd /', // /proc is still the outside's here, and tells our number there.
      `read -r pid _ < /proc/self/stat; echo $pid > ${folder}/init.pid`,
      `hostname ${name}`,
      ...binds,
      'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root',
      init,
      '',
    ].join('\n'),
  );
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`waited 30 s in vain: ${what}`);
}

function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22 });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
