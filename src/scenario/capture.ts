import type { Mismatch } from './matchers/matcher.ts';
import type { Json, Observation } from './observation.ts';
import { pointTo } from './pointer.ts';
import { firstGroup } from './regex.ts';
import type { Scenario } from './scenario.ts';

/** What a scenario keeps for those that need it; `lost`: what was not in the observation. */
export function capture(
  scenario: Scenario,
  observation: Observation,
): { captures: Record<string, Json>; lost: Mismatch[] } {
  const captures: Record<string, Json> = {};
  const lost: Mismatch[] = [];
  for (const [name, { from, matches, pointer }] of Object.entries(scenario.capture)) {
    const source = observation[from];
    let value: Json | undefined = source;
    if (pointer !== undefined)
      value = pointTo(typeof source === 'string' ? readJson(source) : source, pointer);
    else if (matches !== undefined)
      value = typeof source === 'string' ? (firstGroup(matches, source) ?? undefined) : undefined;
    if (value === undefined)
      lost.push({ path: from, matcher: 'matches', expected: matches ?? pointer ?? '', actual: source });
    else captures[name] = typeof value === 'string' && pointer === undefined ? value.trimEnd() : value;
  }
  return { captures, lost };
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
