import type { Report, ReportBuilder, ReportCheck } from '../generated/types.ts';
import { causesOf, rootCauseOf, summarise, verdictOf } from './build.ts';

/** Reports that are not parts of one run, or not all parts of it: joined they would look healthier than the fleet is. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

/** What matters more stands where a client's check came out differently on several machines. */
const gravity: readonly ReportCheck['outcome'][] = ['fail', 'error', 'blocked', 'warn', 'pass', 'skip'];

/**
 * One report of several: the shards of one run. Where a builder is in several, the newest report counts, so that a
 * shard that was run again replaces the first try. Throws {@link MergeError} where a shard is missing.
 */
export function mergeReports(reports: readonly Report[]): Report {
  const newestFirst = reports.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const [newest] = newestFirst;
  const oldest = newestFirst.at(-1);
  if (newest === undefined || oldest === undefined) throw new MergeError('there is no report to merge');
  refuseMissing(reports);
  const clientChecks = mergeClientChecks(newestFirst);
  const found = new Map<string, ReportBuilder>();
  for (const { builders } of newestFirst)
    for (const builder of builders) if (!found.has(keyOf(builder))) found.set(keyOf(builder), builder);
  const builders = [...found.values()].sort(inFileOrder).map((builder) => ({
    ...builder,
    verdict: verdictOf(clientChecks, builder.checks),
    rootCause: rootCauseOf(clientChecks, builder.checks),
    causes: causesOf(clientChecks, builder.checks),
  }));
  const end = Math.max(...reports.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs));
  const notes = [...new Set(reports.flatMap(({ client }) => client.notes ?? []))];
  const { interrupted: _, shard: __, ...rest } = newest;
  return {
    ...rest,
    startedAt: oldest.startedAt,
    durationMs: Math.max(0, end - Date.parse(oldest.startedAt)),
    ...(reports.some(({ interrupted }) => interrupted === true) ? { interrupted: true } : {}),
    client: { ...newest.client, ...(notes.length === 0 ? {} : { notes }) },
    summary: summarise(clientChecks, builders),
    clientChecks,
    builders,
  };
}

function refuseMissing(reports: readonly Report[]): void {
  const shards = reports.flatMap(({ shard }) => shard ?? []);
  const [first] = shards;
  if (first === undefined) return;
  if (shards.length < reports.length)
    throw new MergeError('some of these reports are shards of a run, and some are not');
  const other = shards.find(({ of }) => of !== first.of);
  if (other !== undefined)
    throw new MergeError(
      `these are shards of different runs: ${first.index}/${first.of} and ${other.index}/${other.of}`,
    );
  const missing = Array.from({ length: first.of }, (_, index) => index + 1).filter(
    (index) => !shards.some((shard) => shard.index === index),
  );
  if (missing.length > 0)
    throw new MergeError(
      `missing: ${missing.map((index) => `shard ${index}/${first.of}`).join(', ')}; its builders were not tested`,
    );
}

function mergeClientChecks(reports: readonly Report[]): ReportCheck[] {
  const worst = new Map<string, ReportCheck>();
  for (const { clientChecks } of reports)
    for (const check of clientChecks) {
      const known = worst.get(check.scenario);
      if (known === undefined || gravity.indexOf(check.outcome) < gravity.indexOf(known.outcome))
        worst.set(check.scenario, check);
    }
  return [...worst.values()];
}

function keyOf({ name, uri }: ReportBuilder): string {
  return JSON.stringify([name, uri]);
}

function inFileOrder(a: ReportBuilder, b: ReportBuilder): number {
  return (a.source.file ?? '').localeCompare(b.source.file ?? '') || a.source.line - b.source.line;
}
