import type { Builder } from '../machines/builder.ts';
import type { Shard } from '../generated/types.ts';
import { type Scenario, stages } from '../scenario/scenario.ts';

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

/** Builders whose host or URI was named, in the order of the machines file. */
export function selectBuilders(builders: readonly Builder[], { include, exclude }: Selection): Builder[] {
  const known = builders.map(hostOf).join(', ');
  const [unknown] = unknownNames(include, builders);
  if (unknown !== undefined)
    throw new SelectionError(`no builder is called "${unknown}"; there are: ${known}`);
  return builders.filter(
    (builder) =>
      (include.length === 0 || include.some((name) => isNamed(builder, name))) &&
      !exclude.some((name) => isNamed(builder, name)),
  );
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

/** Those of the names that no builder has. */
export function unknownNames(names: readonly string[], builders: readonly Builder[]): string[] {
  return names.filter((name) => !builders.some((builder) => isNamed(builder, name)));
}

/** By host, URI, or user and host. */
export function isNamed({ host, uri, user }: Builder, name: string): boolean {
  return name === host || name === uri || name === `${user}@${host}`;
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
      throw new SelectionError(`no scenario is called "${id}"; there are: ${[...byId.keys()].join(', ')}`);
    }
  }
  for (const name of stage) {
    if (!stages.some((known) => known === name)) {
      throw new SelectionError(`no stage is called "${name}"; there are: ${stages.join(', ')}`);
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
