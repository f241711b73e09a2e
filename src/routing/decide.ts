import { findExternal, whyNotStarted } from './external.ts';
import type { BuildRequest, Choice, ExternalBuilder, RoutingClient } from './index.ts';

/** What is known of a derivation besides its request. */
export interface Derivation {
  preferLocalBuild: boolean;
}

/** Where a build goes in the end. `nowhere`: it fails. */
export type Decision =
  | { to: 'builder'; uri: string }
  | { to: 'external'; external: ExternalBuilder }
  | { to: 'here' }
  | { to: 'waits' }
  | { to: 'nowhere'; why: string; external?: ExternalBuilder };

/** Whether the client can build it itself: its system, its features, and jobs of its own (`max-jobs`). */
export function canBuildHere(
  { system, requiredFeatures }: Pick<BuildRequest, 'system' | 'requiredFeatures'>,
  client: RoutingClient,
): { can: true } | { can: false; why: string } {
  if (client.maxJobs === 0) return { can: false, why: 'its max-jobs is 0' };
  if (system !== client.system && system !== 'builtin' && !client.extraPlatforms.includes(system))
    return { can: false, why: `it is a ${client.system}` };
  const lacking = requiredFeatures.filter((feature) => !client.systemFeatures.includes(feature));
  return lacking.length === 0 ? { can: true } : { can: false, why: `it lacks ${lacking.join(', ')}` };
}

/**
 * Decides as Nix does (DerivationBuildingGoal::tryToBuild): the build hook is asked first, unless the derivation prefers
 * the client and the client or an external builder serves its system. The hook knows no external builder, so a builder
 * that is full makes the build wait, even where an external builder is idle. What the hook declines goes to the external
 * builder of that system, whatever it needs, else to the client itself.
 */
export function decide(
  choice: Choice,
  request: BuildRequest,
  client: RoutingClient,
  { preferLocalBuild }: Derivation,
): Decision {
  const external = findExternal(client, request.system);
  const own = ownDecision(external, request, client);
  if (preferLocalBuild && (external !== undefined || own.to === 'here')) return own;
  if (choice.reply === 'accept') return { to: 'builder', uri: choice.builder?.uri ?? '' };
  return choice.reply === 'postpone' ? { to: 'waits' } : own;
}

/** Where it goes without the hook. */
function ownDecision(
  external: ExternalBuilder | undefined,
  request: BuildRequest,
  client: RoutingClient,
): Decision {
  if (external !== undefined) {
    const why = whyNotStarted(request, client);
    return why === null ? { to: 'external', external } : { to: 'nowhere', why, external };
  }
  const here = canBuildHere(request, client);
  return here.can ? { to: 'here' } : { to: 'nowhere', why: here.why };
}
