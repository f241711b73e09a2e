import { type NixVersion } from './rootfs.ts';
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
/** A machine in namespaces of its own: mounts, host name, processes. Its network is the real machine's loopback. */
export declare class Host {
    #private;
    readonly name: string;
    readonly nix: NixVersion;
    readonly address: string;
    private constructor();
    /** Starts it, and waits until its services answer. */
    static start(options: HostOptions): Promise<Host>;
    /** Runs a shell command inside as root. Never throws for its exit code. */
    sh(command: string, options?: RunInside): Promise<Ran>;
    /** Runs a program inside as root, with a plain environment. */
    run(argv: readonly string[], { env, input, timeoutMs }?: RunInside): Promise<Ran>;
    /** Words for `nsenter` to get inside. */
    enter(): string[];
    /** A file of the host, seen from outside; only in the parts that are its own. */
    path(inside: string): string;
    write(inside: string, text: string, mode?: number): void;
    read(inside: string): string;
    /** Whether the host lives in the machine's own root folder. */
    get ownRoot(): boolean;
    stopSshd(): Promise<void>;
    startSshd(): Promise<void>;
    stopDaemon(): Promise<void>;
    startDaemon(): Promise<void>;
    /** Ends every process of the host. */
    stop(): void;
}
