import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, Observation } from '../../src/scenario/observation.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import type { NixVersion } from '../fleet/rootfs.ts';
import { defaultSuite } from '../scenario/default-suite.ts';

export interface Versions {
  client: NixVersion;
  builder: NixVersion;
}

/** What the check that finds a fault saw of it on a real builder, and what it knew by then. */
export interface Recorded {
  /** Its title. */
  fault: string;
  /** With which versions it was the very same. */
  nix: Versions[];
  cause: string;
  /** What the scenario's hints speak of, and no more. */
  builder: Record<string, Json>;
  client: Record<string, Json>;
  facts: Record<string, Json>;
  observation: Observation;
}

const folder = 'test/recorded';

/** The recordings of each scenario, from `test/recorded/SCENARIO.json`. */
export function readRecorded(): Map<string, Recorded[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(
    files.map((name) => [
      name.replace(/\.json$/, ''),
      JSON.parse(readFileSync(recordedFile(name), 'utf8')) as Recorded[],
    ]),
  );
}

export function recordedFile(name: string): string {
  return join(folder, name);
}

/** The default suite, by id. */
export async function scenariosById(): Promise<Map<string, Scenario>> {
  return new Map((await defaultSuite()).map((scenario) => [scenario.id, scenario]));
}
