import { Host } from './host.ts';
import type { NixVersion } from './rootfs.ts';
export interface BuilderOptions {
    name?: string;
    /** Default 2.8. */
    nix?: NixVersion;
    /** Options for sshd_config, over the defaults. */
    sshd?: Record<string, string>;
    /** Settings for nix.conf, over the defaults. */
    nixConf?: Record<string, string>;
    /** Another user than root that may log in. */
    user?: {
        name: string;
        shell?: string;
    };
    /** Whether clients know its host key. Default true. */
    trusted?: boolean;
}
interface StartOptions extends BuilderOptions {
    name: string;
    address: string;
    folder: string;
    /** Public key of the clients. */
    authorised: string;
}
/** A host with sshd and Nix. */
export declare class Builder {
    readonly host: Host;
    readonly user: string;
    private constructor();
    static start(options: StartOptions): Promise<Builder>;
    get name(): string;
    /** `ssh-ed25519 AAAA…`, without a comment. */
    get hostKey(): string;
    /** The host key as the eighth column wants it. */
    get publicHostKey(): string;
    /** An entry for the machines file. */
    line(scheme?: 'ssh' | 'ssh-ng', rest?: string): string;
}
export {};
