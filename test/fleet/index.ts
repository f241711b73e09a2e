import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Builder, type BuilderOptions } from './builder.ts';
import { Client } from './client.ts';
import type { Host } from './host.ts';
import { ensurePackages } from './packages.ts';
import type { NixVersion } from './rootfs.ts';

export type { Builder } from './builder.ts';
export type { Client } from './client.ts';
export { NoFleet } from './packages.ts';
export type { NixVersion } from './rootfs.ts';

/** Real builders and real clients on this machine. */
export class Fleet {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nrbd-fleet-'));
  readonly #key = join(this.#folder, 'client_key');
  readonly #hosts: Host[] = [];
  readonly #builders: Builder[] = [];
  readonly #clients: Client[] = [];
  #next = 1;

  constructor() {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'nix@client', '-f', this.#key]);
  }

  /** A builder that lets the fleet's clients in. Every client knows its name, and (unless told not to) its host key. */
  async builder(options: BuilderOptions = {}): Promise<Builder> {
    const number = this.#next;
    this.#next += 1;
    const name = options.name ?? `builder${number}`;
    const builder = await Builder.start({
      ...options,
      name,
      address: this.#address(number),
      folder: this.#newFolder(name),
      authorised: readFileSync(`${this.#key}.pub`, 'utf8'),
    });
    this.#hosts.push(builder.host);
    this.#builders.push(builder);
    for (const client of this.#clients) client.meet(builder, options.trusted ?? true);
    return builder;
  }

  /** A machine with Nix and the key that opens the builders, but nothing in /etc/nix/machines yet. */
  async client(
    options: { name?: string; nix?: NixVersion; nixConf?: Record<string, string> } = {},
  ): Promise<Client> {
    const number = this.#next;
    this.#next += 1;
    const name = options.name ?? `client${number}`;
    const client = await Client.start({
      ...options,
      name,
      address: this.#address(number),
      folder: this.#newFolder(name),
      key: this.#key,
    });
    this.#hosts.push(client.host);
    this.#clients.push(client);
    for (const builder of this.#builders) client.meet(builder, true);
    return client;
  }

  /** Ends every host and removes what they wrote. */
  async close(): Promise<void> {
    for (const host of this.#hosts) host.stop();
    // A process that is being killed may write once more.
    for (let tries = 0; ; tries += 1) {
      try {
        rmSync(this.#folder, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries > 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Loopback addresses that no other fleet of a living process has. */
  #address(number: number): string {
    return `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.${number}`;
  }

  #newFolder(name: string): string {
    const folder = join(this.#folder, 'hosts', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

/** Installs what is missing and starts an empty fleet. Throws {@link NoFleet} where real builders cannot run. */
export function startFleet(): Fleet {
  ensurePackages();
  return new Fleet();
}
