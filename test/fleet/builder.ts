import { readFileSync } from 'node:fs';
import { Host } from './host.ts';
import type { NixVersion } from './rootfs.ts';

export interface BuilderOptions {
  name?: string;
  /** Default 2.8. */
  nix?: NixVersion;
  /** Options for sshd_config, over the defaults; a list makes a line for each. */
  sshd?: Record<string, string | readonly string[]>;
  /** Settings for nix.conf, over the defaults. */
  nixConf?: Record<string, string>;
  /** Another user than root that may log in, and whether its Nix trusts it (default: no). */
  user?: { name: string; shell?: string; trusted?: boolean };
  /** Whether clients know its host key. Default true. */
  trusted?: boolean;
  /** Of sshd. Default 22. */
  port?: number;
  /** Whether nix-daemon runs. Default true. */
  daemon?: boolean;
}

interface StartOptions extends BuilderOptions {
  name: string;
  address: string;
  folder: string;
  /** Public key of the clients. */
  authorised: string;
}

const nixDefaults = {
  'system-features': 'nixos-test benchmark big-parallel',
};

const sshdDefaults = {
  HostKey: '/etc/ssh/ssh_host_ed25519_key',
  PidFile: '/run/sshd.pid',
  PermitRootLogin: 'prohibit-password',
  PasswordAuthentication: 'no',
  KbdInteractiveAuthentication: 'no',
  UsePAM: 'no',
  MaxStartups: '100',
};

/** A host with sshd and Nix. */
export class Builder {
  readonly host: Host;
  readonly user: string;

  private constructor(host: Host, user: string) {
    this.host = host;
    this.user = user;
  }

  static async start(options: StartOptions): Promise<Builder> {
    const { name, nix = '2.8', address, folder, authorised, user, port = 22, daemon = true } = options;
    const sshd = { ...sshdDefaults, ListenAddress: `${address}:${port}`, ...options.sshd };
    const trusted = ['root', ...(user?.trusted === true ? [user.name] : [])];
    const homes = ['/root', ...(user === undefined ? [] : [`/home/${user.name}`])];
    const prepare = [
      ...(user === undefined ? [] : addUser(user.name, user.shell ?? '/bin/sh')),
      ...homes.map(
        (home) =>
          `mkdir -p -m 700 ${home}/.ssh; echo '${authorised.trim()}' > ${home}/.ssh/authorized_keys; chmod 600 ${home}/.ssh/authorized_keys`,
      ),
      ...(user === undefined ? [] : [`chown -R ${user.name}: /home/${user.name}`]),
    ].join('\n');
    const host = await Host.start({
      ...{ name, nix, address, folder, prepare, daemon },
      nixConf: { 'trusted-users': trusted.join(' '), ...nixDefaults, ...options.nixConf },
      sshd: {
        port,
        lines: Object.entries(sshd).flatMap(([key, value]) => [value].flat().map((one) => `${key} ${one}`)),
      },
    });
    return new Builder(host, user?.name ?? 'root');
  }

  get name(): string {
    return this.host.name;
  }

  /** `ssh-ed25519 AAAA…`, without a comment. */
  get hostKey(): string {
    return readFileSync(this.host.path('/etc/ssh/ssh_host_ed25519_key.pub'), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  }

  /** The host key as the eighth column wants it. */
  get publicHostKey(): string {
    return Buffer.from(`${this.hostKey}\n`).toString('base64');
  }

  /** An entry for the machines file. */
  line(scheme: 'ssh' | 'ssh-ng' = 'ssh-ng', rest = 'x86_64-linux - 4 1'): string {
    return `${scheme}://${this.user}@${this.name} ${rest}`;
  }
}

/** The files are mounts of their own, so `useradd`, which replaces them, cannot be used. */
function addUser(name: string, shell: string): string[] {
  return [
    `echo '${name}:x:1500:1500::/home/${name}:${shell}' >> /etc/passwd`,
    `echo '${name}:x:1500:' >> /etc/group`,
    `echo '${name}:*:19000:0:99999:7:::' >> /etc/shadow`,
  ];
}
