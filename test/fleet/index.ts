import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Builder, type BuilderOptions } from './builder.ts';
import { Client, type ClientOptions } from './client.ts';
import { ensurePackages } from './packages.ts';
import { takePlace } from './place.ts';

export type { Builder } from './builder.ts';
export type { Client } from './client.ts';
export { NoFleet } from './packages.ts';
export type { NixVersion } from './rootfs.ts';

/** Real builders and real clients on this machine. */
export class Fleet {
  readonly #place = takePlace();
  readonly #key = join(this.#place.folder, 'client_key');
  readonly #members: Promise<Builder | Client>[] = [];
  readonly #builders: { builder: Builder; trusted: boolean }[] = [];
  readonly #clients: Client[] = [];

  constructor() {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'nix@client', '-f', this.#key]);
  }

  /** A builder that lets the fleet's clients in. Every client knows its name, and (unless told not to) its host key. */
  async builder(options: BuilderOptions = {}): Promise<Builder> {
    const builder = await this.#add('builder', options, (place) =>
      Builder.start({ ...options, ...place, authorised: readFileSync(`${this.#key}.pub`, 'utf8') }),
    );
    const trusted = options.trusted ?? true;
    this.#builders.push({ builder, trusted });
    for (const client of this.#clients) client.meet(builder, trusted);
    return builder;
  }

  /** A machine with Nix and the key that opens the builders, but nothing in /etc/nix/machines yet. */
  async client(options: ClientOptions = {}): Promise<Client> {
    const client = await this.#add('client', options, (place) =>
      Client.start({ ...options, ...place, key: this.#key }),
    );
    this.#clients.push(client);
    for (const { builder, trusted } of this.#builders) client.meet(builder, trusted);
    return client;
  }

  /** Ends every host and removes what they wrote. */
  async close(): Promise<void> {
    const members = await Promise.allSettled(this.#members);
    const started = members.flatMap((member) => (member.status === 'fulfilled' ? [member.value.host] : []));
    await Promise.all(started.map((host) => host.stop()));
    rmSync(this.#place.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  /** Hosts may start at once; `close` waits for those that are on their way. */
  #add<Member extends Builder | Client>(
    kind: string,
    options: { name?: string },
    start: (place: { name: string; address: string; folder: string }) => Promise<Member>,
  ): Promise<Member> {
    const number = this.#members.length + 1;
    if (number > 254) throw new Error('a fleet has room for 254 hosts');
    const name = options.name ?? `${kind}${number}`;
    const folder = join(this.#place.folder, 'hosts', name);
    mkdirSync(folder, { recursive: true });
    const member = start({ name, address: `${this.#place.block}.${number}`, folder });
    this.#members.push(member);
    return member;
  }
}

/** Installs what is missing and starts an empty fleet. Throws {@link NoFleet} where real builders cannot run. */
export function startFleet(): Fleet {
  ensurePackages();
  return new Fleet();
}
