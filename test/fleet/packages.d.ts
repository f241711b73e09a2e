/** Real builders cannot run here; the message is one line and says what is missing. */
export declare class NoFleet extends Error {
    readonly name = "NoFleet";
}
/** Installs what is missing, saying so. Throws {@link NoFleet} where that cannot be done. */
export declare function ensurePackages(): void;
