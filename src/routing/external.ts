import type { BuildRequest, ExternalBuilder, ExternalBuilders, RoutingClient } from './request.ts';

/** From Nix's settings by their names, as `nix config show --json` gives them. None where this Nix has no such setting. */
export function externalBuildersOf(settings: Readonly<Record<string, unknown>> | null): ExternalBuilders {
  const given = settings?.['external-builders'];
  const features = settings?.['experimental-features'];
  return {
    enabled: Array.isArray(features) && features.includes('external-builders'),
    builders: Array.isArray(given) ? given.filter(isExternalBuilder) : [],
  };
}

/**
 * The first program whose systems hold the derivation's, as in LocalSettings::findExternalDerivationBuilderIfSupported
 * (src/libstore/globals.cc): neither features nor Nix's own systems count.
 */
export function findExternal(
  { external }: Pick<RoutingClient, 'external'>,
  system: string,
): ExternalBuilder | undefined {
  return external?.builders.find(({ systems }) => systems.includes(system));
}

/** Why a build fails that Nix gives to an external builder, whatever program that is; null where Nix starts it. */
export function whyNotStarted(
  { requiredFeatures }: Pick<BuildRequest, 'requiredFeatures'>,
  { external, maxJobs }: Pick<RoutingClient, 'external' | 'maxJobs'>,
): string | null {
  if (maxJobs === 0) return 'it starts none with max-jobs 0';
  if (external?.enabled !== true) return 'the experimental feature external-builders is not enabled';
  return requiredFeatures.includes('recursive-nix') ? 'these do not support recursive-nix' : null;
}

function isExternalBuilder(value: unknown): value is ExternalBuilder {
  const { systems, program, args } = { ...(value as Partial<ExternalBuilder> | null) };
  return Array.isArray(systems) && typeof program === 'string' && Array.isArray(args);
}
