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
/** A machine whose Nix sends builds away, and on which the doctor runs. */
export declare class Client {
    readonly host: Host;
    private constructor();
    static start({ name, nix, nixConf, address, folder, key }: StartOptions): Promise<Client>;
    /** Makes the builder's name known, and its host key too if it is trusted. */
    meet(builder: Builder, trust: boolean): void;
    /** Writes /etc/nix/machines. */
    machines(...lines: string[]): void;
    /** Runs the doctor as root inside. */
    doctor(args?: readonly string[], options?: RunInside): Promise<Ran>;
    /** Runs `check` and reads its report. */
    check(args?: readonly string[], options?: RunInside): Promise<Ran & {
        report: Report;
    }>;
    /** The program and its words, to be run inside. */
    doctorWords(args: readonly string[]): string[];
    knownHosts(): string;
}
export {};
