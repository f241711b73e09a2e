/** Times measured side by side: what counts is the ratio within a round, for the machine's load changes between rounds. */
export interface Comparison {
  /** Median of each contestant's milliseconds. */
  ms: Record<string, number>;
  /** Median of each contestant's ratio to the first, and half the distance between its quartiles. */
  ratio: Record<string, { median: number; noise: number }>;
  /** Processor time of the client, where it was measured: medians, in milliseconds, and of the ratios to the first. */
  processorMs: Record<string, number>;
  processorRatio: Record<string, number>;
  rounds: number;
}

/**
 * Runs all contestants one after the other, round by round; the first is what the others are compared with. One that
 * returns a number tells the processor time that it took, in milliseconds.
 */
export async function compare(
  contestants: Readonly<Record<string, () => unknown>>,
  rounds: number,
): Promise<Comparison> {
  const names = Object.keys(contestants);
  const [base = ''] = names;
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const processor: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      const started = performance.now();
      const used = await run();
      // The first round warms caches up.
      if (round < 0) continue;
      times[name]?.push(performance.now() - started);
      if (typeof used === 'number') processor[name]?.push(used);
    }
  }
  const ratiosIn = (figures: Record<string, number[]>, name: string): number[] =>
    (figures[name] ?? []).map((ms, round) => ms / (figures[base]?.[round] ?? Number.NaN));
  const worked = names.filter((name) => processor[name]?.length === rounds);
  return {
    ms: Object.fromEntries(names.map((name) => [name, Math.round(quantile(times[name] ?? [], 0.5))])),
    ratio: Object.fromEntries(
      names.map((name) => {
        const own = ratiosIn(times, name);
        return [name, { median: quantile(own, 0.5), noise: (quantile(own, 0.75) - quantile(own, 0.25)) / 2 }];
      }),
    ),
    processorMs: Object.fromEntries(
      worked.map((name) => [name, Math.round(quantile(processor[name] ?? [], 0.5))]),
    ),
    processorRatio: Object.fromEntries(
      worked.map((name) => [name, quantile(ratiosIn(processor, name), 0.5)]),
    ),
    rounds,
  };
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
