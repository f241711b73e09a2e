import { featuresOf, parseRelease } from '../machines/release.ts';
import type { BuildRequest, Candidate, Choice, RoutingClient } from './index.ts';
import type { Distribution } from './distribute.ts';

/** What is known of a derivation besides its request. */
export interface Derivation {
  preferLocalBuild: boolean;
}

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

/** The choice in a sentence: who wins and by what, or why nobody does and what Nix does then. */
export function explainChoice(
  choice: Choice,
  request: BuildRequest,
  client: RoutingClient,
  derivation: Derivation = { preferLocalBuild: false },
): string {
  const here = canBuildHere(request, client);
  if (derivation.preferLocalBuild && here.can)
    return 'The derivation says preferLocalBuild, and this machine can build it, so Nix asks no builder.';
  const { candidates } = choice;
  const winner = candidates.find(({ builder, eligible }) => eligible && builder === choice.builder);
  if (winner !== undefined) {
    const others = candidates.filter((other) => other.eligible && other !== winner);
    const runnerUp = [...others].sort((a, b) => compare(a, b))[0];
    const lead = `${winner.builder.uri}: ${standing(winner)}`;
    return runnerUp === undefined
      ? `${lead}. It is the only builder that can take this now.`
      : `${lead}, ${beats(winner, runnerUp)}.`;
  }
  const local = here.can
    ? 'this machine builds it itself'
    : `this machine cannot build it either, for ${here.why}: the build fails`;
  if (choice.reply === 'decline-permanently') return `There are no builders: ${local}.`;
  if (choice.reply === 'postpone')
    return 'Every builder that could take it is full, so Nix waits for a slot ("waiting for a machine to build").';
  const full = candidates.some(({ reason }) => reason?.code === 'full');
  return full ? `Every builder that could take it is full: ${local}.` : `No builder can take it: ${local}.`;
}

function standing({ load, slots, builder, key }: Candidate): string {
  return `${load} of ${slots} slots busy, speed ${builder.speedFactor}, key ${round(key)}`;
}

function beats(winner: Candidate, other: Candidate): string {
  const name = other.builder.uri;
  if (winner.key !== other.key) return `beats ${name}'s ${round(other.key)}`;
  if (winner.builder.speedFactor !== other.builder.speedFactor)
    return `equals ${name}'s, and it is the faster one (${winner.builder.speedFactor} against ${other.builder.speedFactor})`;
  if (winner.load !== other.load) return `equals ${name}'s, and it has less to do`;
  return `equals ${name}'s in everything, and it stands first in the machines file`;
}

/** As Nix orders them; the sort is stable, so the first line stays first. */
function compare(a: Candidate, b: Candidate): number {
  return a.key - b.key || b.builder.speedFactor - a.builder.speedFactor || a.load - b.load;
}

/** Enough digits to tell apart what Nix tells apart. */
export function round(key: number): string {
  return String(Number(key.toPrecision(6)));
}

/** What makes builds pile up, and the column that spreads them; null where they are spread. */
export function adviceOn({ counts }: Distribution, client: RoutingClient): string | null {
  const busiest = [...counts].sort((a, b) => b.builds - a.builds)[0];
  const idle = counts.filter(({ builds, builder }) => builds === 0 && builder.maxJobs > 0);
  if (busiest === undefined || busiest.builds < 2 || idle.length === 0) return null;
  const slower = idle.filter(({ builder }) => builder.speedFactor < busiest.builder.speedFactor);
  const [first] = slower;
  if (first === undefined) return null;
  const { floatSpeed } = featuresOf(parseRelease(client.nixVersion));
  const how = floatSpeed
    ? `load by speed factor stays below that of ${first.builder.uri}`
    : `Nix ${client.nixVersion} divides whole numbers: fewer than ${busiest.builder.speedFactor} builds on it count as none`;
  return `They pile up on ${busiest.builder.uri} (speed factor ${busiest.builder.speedFactor}): ${how}. The fifth column spreads them: the nearer the factors are, the sooner ${first.builder.uri} gets its share.`;
}
