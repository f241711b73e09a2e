import { appendFileSync, copyFileSync, readFileSync } from 'node:fs';
import type { Report } from '../../src/generated/types.ts';
import type { Builder } from './builder.ts';
import { Host, type Ran, type RunInside } from './host.ts';
import type { NixVersion } from './rootfs.ts';

interface StartOptions {
  name: string;
  nix?: NixVersion;
  nixConf?: Record<string, string>;
  address: string;
  folder: string;
  /** The private key that opens the builders. */
  key: string;
}

const nixDefaults = {
  sandbox: 'false',
  substituters: '',
  'build-users-group': '',
  'experimental-features': 'nix-command',
};

/** A machine whose Nix sends builds away, and on which the doctor runs. */
export class Client {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  static async start({ name, nix = '2.8', nixConf, address, folder, key }: StartOptions): Promise<Client> {
    const host = await Host.start({
      name,
      nix,
      address,
      folder,
      nixConf: { ...nixDefaults, ...nixConf },
      sshd: null,
      prepare: 'mkdir -p -m 700 /root/.ssh',
    });
    copyFileSync(key, host.path('/root/.ssh/id_ed25519'));
    copyFileSync(`${key}.pub`, host.path('/root/.ssh/id_ed25519.pub'));
    return new Client(host);
  }

  /** Makes the builder's name known, and its host key too if it is trusted. */
  meet(builder: Builder, trust: boolean): void {
    appendFileSync(this.host.path('/etc/hosts'), `${builder.host.address} ${builder.name}\n`);
    if (trust)
      appendFileSync(
        this.host.path('/root/.ssh/known_hosts'),
        `${builder.name},${builder.host.address} ${builder.hostKey}\n`,
      );
  }

  /** Writes /etc/nix/machines. */
  machines(...lines: string[]): void {
    this.host.write('/etc/nix/machines', `${lines.join('\n')}\n`);
  }

  /** Runs the doctor as root inside. */
  doctor(args: readonly string[] = [], options: RunInside = {}): Promise<Ran> {
    return this.host.run(this.doctorWords(args), options);
  }

  /** Runs `check` and reads its report. */
  async check(args: readonly string[] = [], options: RunInside = {}): Promise<Ran & { report: Report }> {
    const ran = await this.doctor(['check', ...args, '-f', 'json'], options);
    try {
      return { ...ran, report: JSON.parse(ran.stdout) as Report };
    } catch {
      throw new Error(`the doctor wrote no report (exit ${ran.exitCode}): ${ran.stderr}${ran.stdout}`);
    }
  }

  /** The program and its words, to be run inside. */
  doctorWords(args: readonly string[]): string[] {
    const node = this.host.ownRoot ? process.execPath : '/usr/local/bin/node';
    return [node, '/mnt/dist/cli.js', ...args];
  }

  knownHosts(): string {
    return readFileSync(this.host.path('/root/.ssh/known_hosts'), 'utf8');
  }
}
