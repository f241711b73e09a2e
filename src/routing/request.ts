/** What a derivation asks for. */
export interface BuildRequest {
  system: string;
  requiredFeatures: string[];
  /** Whether the client has a free job of its own right now. */
  localSlotFree: boolean;
}

/** What of the client's settings decides whether it could build the derivation itself. */
export interface RoutingClient {
  nixVersion: string;
  system: string;
  extraPlatforms: string[];
  systemFeatures: string[];
  maxJobs: number;
  /** Programs that build in place of the client; the choice of a builder does not know them. */
  external?: ExternalBuilders;
}

/** A program that Nix starts for derivations of some systems, from its setting `external-builders` (since 2.32). */
export interface ExternalBuilder {
  systems: string[];
  program: string;
  args: string[];
}

/** The setting, as far as it decides where a build goes. */
export interface ExternalBuilders {
  /** The experimental feature `external-builders`, without which such a build fails. */
  enabled: boolean;
  /** In the order of the setting. */
  builders: readonly ExternalBuilder[];
}
