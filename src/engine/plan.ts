import type { Builder } from '../machines/builder.ts';
import type { Shard } from '../generated/types.ts';
import { type Scenario, stages } from '../scenario/scenario.ts';
import { suggestWord } from '../support/did-you-mean.ts';
import { buildersLike, type Found } from './names.ts';

/** What the command line asks for. */
export interface Selection {
  include: readonly string[];
  exclude: readonly string[];
  test: readonly string[];
  skip: readonly string[];
  stage: readonly string[];
}

/** A name on the command line that matches nothing: running without it would be a false green. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

/** One `--include` or `--exclude`, and what it finds. */
export interface Filter extends Found<Builder> {
  option: 'include' | 'exclude';
}

/** What each of the filters finds. */
export function filtersOf(
  builders: readonly Builder[],
  { include, exclude }: Pick<Selection, 'include' | 'exclude'>,
): Filter[] {
  const all = (option: Filter['option'], patterns: readonly string[]): Filter[] =>
    patterns.map((pattern) => ({ option, ...buildersLike(builders, pattern) }));
  return [...all('include', include), ...all('exclude', exclude)];
}

/** Builders that the filters leave, in the order of the machines file. */
export function selectBuilders(builders: readonly Builder[], filters: readonly Filter[]): Builder[] {
  const found = (option: Filter['option']): Set<Builder> =>
    new Set(filters.filter((filter) => filter.option === option).flatMap((filter) => filter.builders));
  const [included, excluded] = [found('include'), found('exclude')];
  const all = filters.every(({ option }) => option !== 'include');
  return builders.filter((builder) => (all || included.has(builder)) && !excluded.has(builder));
}

/** Throws {@link SelectionError} for an include that finds no builder. */
export function refuseUnmatched(filters: readonly Filter[], builders: readonly Builder[]): void {
  const unknown = filters.find(({ option, manner }) => option === 'include' && manner === 'none');
  if (unknown === undefined) return;
  const known = builders.map(hostOf).join(', ');
  throw new SelectionError(`no builder is called "${unknown.pattern}"; there are: ${known}`);
}

/**
 * Part `index` of `of` (from 1) of the builders. Those of one host stay together, so that two runners never log in to
 * it at the same time; a builder added at the end of the file moves no other.
 */
export function shardOf(builders: readonly Builder[], { index, of }: Shard): Builder[] {
  const hosts = [...new Set(builders.map(hostOf))];
  return builders.filter((builder) => hosts.indexOf(hostOf(builder)) % of === index - 1);
}

function hostOf({ host, uri }: Builder): string {
  return host === '' ? uri : host;
}

/**
 * Scenarios named by `-t` or `--stage`, with all that they need, less those of `--skip`.
 * `scenarios` is in the order of their needs and stays so.
 */
export function selectScenarios(
  scenarios: readonly Scenario[],
  { test, skip, stage }: Selection,
): Scenario[] {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  for (const id of [...test, ...skip]) {
    if (!byId.has(id)) {
      throw new SelectionError(`no scenario is called "${id}"${suggestWord(id, [...byId.keys()])}`);
    }
  }
  for (const name of stage) {
    if (!stages.some((known) => known === name)) {
      throw new SelectionError(`no stage is called "${name}"${suggestWord(name, stages)}`);
    }
  }
  const wanted = new Set<string>();
  const want = (id: string): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    byId.get(id)?.needs.forEach(want);
  };
  for (const { id, stage: own } of scenarios) {
    const named = test.length === 0 && stage.length === 0;
    if (named || test.includes(id) || stage.includes(own)) want(id);
  }
  return scenarios.filter(({ id }) => wanted.has(id) && !skip.includes(id));
}
