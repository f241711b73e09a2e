import { readFileSync } from 'node:fs';
import { Host } from './host.ts';
import type { LoginShell, Profile, SshdSpec } from './profile.ts';
import { type ProfileName, profiles } from './profiles/index.ts';
import type { NixVersion } from './rootfs.ts';

export interface BuilderOptions {
  name?: string;
  /** The kind of machine. Default plain. */
  profile?: ProfileName;
  /** Default: the first of the profile. */
  nix?: NixVersion;
  /** Options for sshd_config, over the profile's; a list makes a line for each. */
  sshd?: SshdSpec['options'];
  /** Settings for nix.conf, over the profile's. */
  nixConf?: Record<string, string>;
  /**
   * Another user than root that may log in, with a login shell (its name, or a path; default: the profile's first), and
   * whether its Nix trusts it (default: no).
   */
  user?: { name: string; shell?: LoginShell | `/${string}`; trusted?: boolean };
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

/** A host with sshd and Nix. */
export class Builder {
  readonly host: Host;
  readonly user: string;

  private constructor(host: Host, user: string) {
    this.host = host;
    this.user = user;
  }

  static async start(options: StartOptions): Promise<Builder> {
    const { name, address, folder, user, authorised, profile: profileName = 'plain' } = options;
    const { nixConf = {}, sshd = {}, port = 22, daemon = true } = options;
    const profile: Profile = profiles[profileName];
    const host = await Host.start(profileName, {
      ...{ name, address, folder, nixConf, daemon },
      nix: options.nix ?? profile.nixVersions[0],
      sshd: { port, options: sshd, authorised: authorised.trim() },
      ...(user === undefined
        ? {}
        : {
            user: {
              name: user.name,
              shell: shellPath(profile, user.shell),
              trusted: user.trusted ?? false,
            },
          }),
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
  line(scheme: 'ssh' | 'ssh-ng' = 'ssh-ng', rest = `${this.host.profile.system} - 4 1`): string {
    return `${scheme}://${this.user}@${this.name} ${rest}`;
  }
}

function shellPath({ loginShells }: Profile, shell?: LoginShell | `/${string}`): string {
  const name = shell ?? (Object.keys(loginShells)[0] as LoginShell | undefined) ?? '/bin/sh';
  const path = isPath(name) ? name : loginShells[name];
  if (path === undefined) throw new Error(`hosts of this profile have no ${name}`);
  return path;
}

function isPath(shell: string): shell is `/${string}` {
  return shell.startsWith('/');
}
