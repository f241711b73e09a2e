import { Builder, type BuilderOptions } from './builder.ts';
import { Client } from './client.ts';
import type { NixVersion } from './rootfs.ts';
export { NoFleet } from './packages.ts';
export type { Builder } from './builder.ts';
export type { Client } from './client.ts';
export type { NixVersion } from './rootfs.ts';
/** Real builders and real clients on this machine. */
export declare class Fleet {
    #private;
    constructor();
    /** A builder that lets the fleet's clients in. Every client knows its name, and (unless told not to) its host key. */
    builder(options?: BuilderOptions): Promise<Builder>;
    /** A machine with Nix and the key that opens the builders, but nothing in /etc/nix/machines yet. */
    client(options?: {
        name?: string;
        nix?: NixVersion;
        nixConf?: Record<string, string>;
    }): Promise<Client>;
    /** Ends every host and removes what they wrote. */
    close(): Promise<void>;
}
/** Installs what is missing and starts an empty fleet. Throws {@link NoFleet} where real builders cannot run. */
export declare function startFleet(): Fleet;
