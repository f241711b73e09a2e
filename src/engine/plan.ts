import type { Builder } from '../machines/builder.ts';
import type { Shard } from '../generated/types.ts';
import { isCalled } from '../scenario/each.ts';
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
  tag: readonly string[];
  skipTag: readonly string[];
}

/** The part of it that chooses scenarios. */
type ScenarioSelection = Omit<Selection, 'include' | 'exclude'>;

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
 * The selected scenarios ({@link namedScenarios}) with all that they need, less those of `--skip` and `--skip-tag`.
 * `scenarios` is in the order of their needs and stays so. Throws {@link SelectionError} if none is left: a run without
 * checks must not look healthy.
 */
export function selectScenarios(scenarios: readonly Scenario[], selection: ScenarioSelection): Scenario[] {
  const byId = new Map(scenarios.map((scenario) => [scenario.id, scenario]));
  const wanted = new Set<string>();
  const want = (id: string): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    byId.get(id)?.needs.forEach(want);
  };
  for (const { id } of namedScenarios(scenarios, selection)) want(id);
  const { skip, skipTag } = selection;
  const isLeftOut = ({ id, tags }: Scenario): boolean =>
    isNamed(id, skip) || tags.some((tag) => skipTag.includes(tag));
  const selected = scenarios.filter((scenario) => wanted.has(scenario.id) && !isLeftOut(scenario));
  if (selected.length === 0) throw new SelectionError('nothing to check: the options select no scenario');
  return selected;
}

/**
 * The scenarios that `-t`, `--stage` or `--tag` name: all if none of these is given. Throws {@link SelectionError} for a
 * word that names no scenario, also one of `--skip` or `--skip-tag`.
 */
export function namedScenarios(scenarios: readonly Scenario[], selection: ScenarioSelection): Scenario[] {
  refuseUnknown(scenarios, selection);
  const { test, stage, tag } = selection;
  if (test.length + stage.length + tag.length === 0) return [...scenarios];
  return scenarios.filter(
    ({ id, stage: own, tags }) =>
      isNamed(id, test) || stage.includes(own) || tags.some((one) => tag.includes(one)),
  );
}

function refuseUnknown(scenarios: readonly Scenario[], selection: ScenarioSelection): void {
  const { test, skip, stage, tag, skipTag } = selection;
  const ids = scenarios.map(({ id }) => id);
  const tags = [...new Set(scenarios.flatMap((scenario) => scenario.tags))].sort();
  const noTags = tags.length === 0 ? '; no scenario has tags' : undefined;
  for (const id of [...test, ...skip])
    if (!ids.some((known) => isCalled(known, id)))
      throw new SelectionError(`no scenario is called "${id}"${suggestWord(id, ids)}`);
  for (const name of stage)
    if (!stages.some((known) => known === name))
      throw new SelectionError(`no stage is called "${name}"${suggestWord(name, stages)}`);
  for (const word of [...tag, ...skipTag])
    if (!tags.includes(word))
      throw new SelectionError(`no scenario has the tag "${word}"${suggestWord(word, tags, noTags)}`);
}

function isNamed(id: string, names: readonly string[]): boolean {
  return names.some((name) => isCalled(id, name));
}
