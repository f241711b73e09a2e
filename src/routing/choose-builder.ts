import type { Builder, Field } from '../machines/builder.ts';
import { type Features, featuresOf, parseRelease } from '../machines/release.ts';
import type { BuildRequest, RoutingClient } from './request.ts';
import { slotNames } from './slot-name.ts';

export type Ineligible = 'system' | 'feature' | 'mandatory-feature' | 'full';

/** What Nix thinks of one builder for one request. */
export interface Candidate {
  builder: Builder;
  /** It may be sent the build now. */
  eligible: boolean;
  /** Why not: the word for it, a sentence, and the column that causes it. */
  reason?: { code: Ineligible; text: string; field?: Field };
  /** Busy slots of this builder, as this client's locks tell. */
  load: number;
  slots: number;
  /** What Nix compares: load by speed factor. The smallest wins. */
  key: number;
}

export interface Choice {
  reply: 'accept' | 'decline' | 'decline-permanently' | 'postpone';
  builder?: Builder;
  slot?: string;
  /** One for each builder, in the order of the machines file. */
  candidates: Candidate[];
}

/**
 * Chooses as Nix's build hook does (src/build-remote/build-remote.cc): the smallest load by speed factor, then the
 * fastest, then the least loaded, then the first line. `isBusy` tells whether a slot file is locked.
 */
export function chooseBuilder(
  builders: readonly Builder[],
  request: BuildRequest,
  client: RoutingClient,
  isBusy: (slot: string) => boolean,
): Choice {
  const release = parseRelease(client.nixVersion);
  const features = featuresOf(release);
  if (builders.length === 0) return { reply: 'decline-permanently', candidates: [] };

  let best: { candidate: Candidate; slot: string } | null = null;
  let rightType = false;
  const candidates: Candidate[] = [];
  for (const builder of builders) {
    const reason = mismatch(builder, request, features);
    const { load, free } = countSlots(builder, features, (slot) => slot === best?.slot || isBusy(slot));
    const candidate: Candidate = {
      builder,
      eligible: false,
      load,
      slots: builder.maxJobs,
      key: keyOf(load, builder, features),
    };
    candidates.push(candidate);
    if (reason !== null) {
      candidate.reason = reason;
      continue;
    }
    rightType = true;
    if (free === null) {
      const text = builder.maxJobs === 0 ? 'it allows 0 jobs' : `all ${builder.maxJobs} slots are busy`;
      candidate.reason = { code: 'full', text, ...column(builder, 3) };
      continue;
    }
    candidate.eligible = true;
    // The slot of the best so far stays locked while later lines are looked at, as in Nix.
    if (best === null || isBetter(candidate, best.candidate)) best = { candidate, slot: free };
  }
  if (best !== null) return { reply: 'accept', builder: best.candidate.builder, slot: best.slot, candidates };
  const canBuildHere = request.localSlotFree && couldBuildHere(request, client, features);
  return { reply: rightType && !canBuildHere ? 'postpone' : 'decline', candidates };
}

/** Up to 2.19 an integer division, so that small loads of a fast machine count as none; from 2.20 float32. */
function keyOf(load: number, { speedFactor }: Builder, { floatSpeed }: Features): number {
  return floatSpeed
    ? Math.fround(Math.fround(load) / Math.fround(speedFactor))
    : Math.floor(load / speedFactor);
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.key !== b.key) return a.key < b.key;
  if (a.builder.speedFactor !== b.builder.speedFactor) return a.builder.speedFactor > b.builder.speedFactor;
  return a.load < b.load;
}

/** Nix tries every slot; a builder of more jobs than this is a slip, and not worth minutes. */
const maxSlots = 100_000;

function countSlots(
  builder: Builder,
  features: Features,
  isBusy: (slot: string) => boolean,
): { load: number; free: string | null } {
  let load = 0;
  let free: string | null = null;
  const nameOf = slotNames(builder.uri, features);
  for (let index = 0; index < Math.min(builder.maxJobs, maxSlots); index += 1) {
    const slot = nameOf(index);
    if (isBusy(slot)) load += 1;
    else free ??= slot;
  }
  return { load, free };
}

function mismatch(
  builder: Builder,
  { system, requiredFeatures }: BuildRequest,
  features: Features,
): NonNullable<Candidate['reason']> | null {
  const anywhere = system === 'builtin' && features.builtinAnywhere;
  if (!anywhere && !builder.systems.includes(system)) {
    return {
      code: 'system',
      text: `its systems are ${builder.systems.join(', ') || 'none'}, not ${system}`,
      ...column(builder, 1),
    };
  }
  const offered = [...builder.supportedFeatures, ...builder.mandatoryFeatures];
  const lacking = requiredFeatures.filter((feature) => !offered.includes(feature));
  if (lacking.length > 0) {
    return { code: 'feature', text: `it does not offer ${lacking.join(', ')}`, ...column(builder, 5) };
  }
  const demanded = builder.mandatoryFeatures.filter((feature) => !requiredFeatures.includes(feature));
  if (demanded.length > 0) {
    return {
      code: 'mandatory-feature',
      text: `it takes only builds that need ${demanded.join(', ')}`,
      ...column(builder, 6),
    };
  }
  return null;
}

function couldBuildHere(
  { system, requiredFeatures }: BuildRequest,
  client: RoutingClient,
  { maxJobsCounts }: Features,
): boolean {
  return (
    (!maxJobsCounts || client.maxJobs > 0) &&
    (system === client.system || client.extraPlatforms.includes(system)) &&
    requiredFeatures.every((feature) => client.systemFeatures.includes(feature))
  );
}

function column({ fields }: Builder, index: number): { field?: Field } {
  const field = fields[index];
  return field === undefined ? {} : { field };
}
