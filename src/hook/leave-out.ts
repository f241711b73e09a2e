import type { Builder } from '../machines/builder.ts';

/** What was seen of a builder last, in milliseconds of the clock; absent where it was not. */
export interface Seen {
  /** It answered. */
  alive?: number;
  /** It was asked, and did not answer in time. */
  silent?: number;
}

/** A builder is taken for dead for this long after it was asked in vain. It is asked again each second meanwhile. */
export const silentForMs = 10_000;

/** An answer counts for this long. */
export const aliveForMs = 60_000;

/** Asked in vain, not long ago, and no answer since. A time in the future is a clock that was set back: it counts for nothing. */
export function isSilent({ alive, silent }: Seen, now: number): boolean {
  if (silent === undefined || silent > now || now - silent >= silentForMs) return false;
  return alive === undefined || alive < silent;
}

export function isAlive(seen: Seen, now: number): boolean {
  const { alive } = seen;
  return alive !== undefined && alive <= now && now - alive < aliveForMs && !isSilent(seen, now);
}

/**
 * The builders that the hook need not try now: those that are silent, where one that answers takes every build that they
 * take. Without such a one Nix decides as ever: it may find out what nobody else can.
 */
export function leftOut(
  builders: readonly Builder[],
  seenOf: (builder: Builder) => Seen,
  now: number,
): Builder[] {
  const alive = builders.filter((builder) => isAlive(seenOf(builder), now));
  return builders.filter(
    (builder) => isSilent(seenOf(builder), now) && alive.some((other) => standsIn(other, builder)),
  );
}

/** Whether every build that may go to `builder` may go to `other`. */
function standsIn(other: Builder, builder: Builder): boolean {
  const offers = new Set([...other.supportedFeatures, ...other.mandatoryFeatures]);
  return (
    other.maxJobs > 0 &&
    builder.systems.every((system) => other.systems.includes(system)) &&
    [...builder.supportedFeatures, ...builder.mandatoryFeatures].every((feature) => offers.has(feature)) &&
    other.mandatoryFeatures.every((feature) => builder.mandatoryFeatures.includes(feature))
  );
}
