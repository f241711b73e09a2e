/** Versions of Nix that the fleet knows: Debian 12's own, and those of newer suites in root folders of their own. */
export type NixVersion = '2.8' | '2.26' | '2.34';
/** The root folder with that Nix, made once and kept. `/` for the machine's own. Others that want it wait. */
export declare function rootfs(version: NixVersion): Promise<string>;
