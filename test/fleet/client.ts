import { appendFileSync, copyFileSync } from 'node:fs';
import type { Report } from '../../src/generated/types.ts';
import type { Builder } from './builder.ts';
import { Host, type Ran, type RunInside } from './host.ts';
import { type ProfileName, profiles } from './profiles/index.ts';
import type { NixVersion } from './rootfs.ts';
import { inside } from './start-script.ts';

export interface ClientOptions {
  name?: string;
  /** The kind of machine. Default plain. */
  profile?: ProfileName;
  /** Default: the first of the profile. */
  nix?: NixVersion;
  /** Settings for nix.conf, over the profile's. */
  nixConf?: Record<string, string>;
}

interface StartOptions extends ClientOptions {
  name: string;
  address: string;
  folder: string;
  /** The private key that opens the builders. */
  key: string;
}

/** A machine whose Nix sends builds away, and on which the doctor runs. */
export class Client {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  static async start(options: StartOptions): Promise<Client> {
    const { name, address, folder, key, profile = 'plain', nixConf = {} } = options;
    const nix = options.nix ?? profiles[profile].nixVersions[0];
    const spec = { name, address, folder, nix, nixConf, sshd: null, daemon: true };
    const host = await Host.start(profile, spec);
    copyFileSync(key, host.path('/root/.ssh/id_ed25519'));
    copyFileSync(`${key}.pub`, host.path('/root/.ssh/id_ed25519.pub'));
    return new Client(host);
  }

  /** Makes the builder's name known, and its host key too if it is trusted. */
  meet(builder: Builder, trusted: boolean): void {
    appendFileSync(this.host.path('/etc/hosts'), `${builder.host.address} ${builder.name}\n`);
    if (trusted) this.trust(builder);
  }

  /** Makes the builder's host key known to root. */
  trust({ name, host, hostKey }: Builder): void {
    const names = [name, host.address].map((one) => (host.port === 22 ? one : `[${one}]:${host.port}`));
    appendFileSync(this.host.path('/root/.ssh/known_hosts'), `${names.join(',')} ${hostKey}\n`);
  }

  /** Writes /etc/nix/machines. */
  machines(...lines: string[]): void {
    const text = `${lines.join('\n')}\n`;
    const { writeMachines } = this.host.profile;
    if (writeMachines === undefined) this.host.write('/etc/nix/machines', text);
    else writeMachines(this.host, text);
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
    return [inside.node, `${inside.project}/dist/cli.js`, ...args];
  }

  /** Root's known hosts. */
  knownHosts(): string {
    return this.host.read('/root/.ssh/known_hosts');
  }
}
