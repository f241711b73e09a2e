import type { Json } from '../scenario/observation.ts';
import type { Transport } from '../transport/transport.ts';

/** What of a derivation decides where it is built. */
export interface DerivationNeeds {
  system: string;
  requiredFeatures: string[];
  preferLocalBuild: boolean;
}

const commands = [
  ['derivation', 'show'],
  // Before Nix 2.15.
  ['show-derivation'],
];

/** Asks Nix of a .drv file or an installable. Throws with Nix's own words when it cannot be read. */
export async function readDerivation(
  what: string,
  client: Transport,
  signal: AbortSignal,
): Promise<DerivationNeeds> {
  let said = '';
  for (const command of commands) {
    const argv = ['nix', '--extra-experimental-features', 'nix-command flakes', ...command, what];
    const { exitCode, stdout, stderr } = await client.run(argv, { timeoutMs: 120_000, signal });
    if (exitCode === 0) return needsOf(JSON.parse(stdout) as Json);
    // The error of the command that this Nix knows is the one to show.
    if (!/is not a recogni[sz]ed command|unrecognised|unknown command/.test(stderr)) said = stderr;
  }
  throw new Error(said.trim() || `Nix cannot read ${what}`);
}

/** From the JSON of `nix derivation show`: derivations by their paths, in newer versions under `derivations`. */
export function needsOf(json: Json): DerivationNeeds {
  const all = record(record(json)['derivations'] ?? json);
  const drv = record(Object.values(all).find((value) => 'system' in record(value)) ?? {});
  if (typeof drv['system'] !== 'string') throw new Error('Nix told of no derivation');
  const env = record(drv['env'] ?? {});
  // With __structuredAttrs they are no environment variables.
  const attrs = record(drv['structuredAttrs'] ?? parse(env['__json']));
  const features = attrs['requiredSystemFeatures'] ?? env['requiredSystemFeatures'] ?? '';
  const local = attrs['preferLocalBuild'] ?? env['preferLocalBuild'];
  return {
    system: drv['system'],
    requiredFeatures: Array.isArray(features)
      ? features.filter((item) => typeof item === 'string')
      : (typeof features === 'string' ? features : '').split(/\s+/).filter((item) => item !== ''),
    preferLocalBuild: local === true || local === '1',
  };
}

function record(value: Json): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function parse(text: Json | undefined): Json {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as Json) : {};
  } catch {
    return {};
  }
}
