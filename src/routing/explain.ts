import { featuresOf, parseRelease } from '../machines/release.ts';
import { decide, type Decision, type Derivation } from './decide.ts';
import { findExternal } from './external.ts';
import type { BuildRequest, Candidate, Choice, RoutingClient } from './index.ts';
import type { Distribution } from './distribute.ts';

/** The choice in a sentence: who wins and by what, or why nobody does and what Nix does then. */
export function explainChoice(
  choice: Choice,
  request: BuildRequest,
  client: RoutingClient,
  derivation: Derivation = { preferLocalBuild: false },
): string {
  const decision = decide(choice, request, client, derivation);
  if (derivation.preferLocalBuild && decision.to === 'here')
    return 'The derivation says preferLocalBuild, and this machine can build it, so Nix asks no builder.';
  if (derivation.preferLocalBuild && 'external' in decision)
    return `The derivation says preferLocalBuild, so Nix asks no builder: ${ownWay(decision, request)}.`;
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
  if (decision.to === 'waits') {
    const external = findExternal(client, request.system);
    const idle =
      external === undefined
        ? ''
        : ` Nix does not turn to ${external.program} (external-builders) while a builder has that system.`;
    return `Every builder that could take it is full, so Nix waits for a slot ("waiting for a machine to build").${idle}`;
  }
  const then = ownWay(decision, request);
  if (choice.reply === 'decline-permanently') return `There are no builders: ${then}.`;
  const full = candidates.some(({ reason }) => reason?.code === 'full');
  return full ? `Every builder that could take it is full: ${then}.` : `No builder can take it: ${then}.`;
}

/** What comes of a build that no builder gets. */
function ownWay(decision: Decision, { system }: Pick<BuildRequest, 'system'>): string {
  if (decision.to === 'external')
    return `Nix starts ${decision.external.program} for ${system} (external-builders), whatever features it needs`;
  if (decision.to !== 'nowhere') return 'this machine builds it itself';
  return decision.external === undefined
    ? `this machine cannot build it either, for ${decision.why}: the build fails`
    : `Nix gives ${system} to ${decision.external.program} (external-builders), but ${decision.why}: the build fails`;
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
