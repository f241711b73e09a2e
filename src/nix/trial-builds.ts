import { randomBytes } from 'node:crypto';
import { quote } from '../support/shell-quote.ts';
import type { Transport } from '../transport/transport.ts';
import type { DerivationNeeds } from './derivation.ts';
import { bringProgram } from './test-build/program.ts';

/** What each build does: it waits until all are under way, so that none frees a slot for another. */
const waits =
  'read up rest < /proc/uptime; end=$((${up%%.*} + seconds)); PATH=/bin:/usr/bin:/run/current-system/sw/bin sleep $seconds 2>/dev/null || while read up rest < /proc/uptime && [ ${up%%.*} -lt $end ]; do :; done; echo > $out';
const expression = `{ name, count, system, features, seconds, waits, sh, inputs, library }:
  let words = text: builtins.filter (word: builtins.isString word && word != "") (builtins.split " " text);
  in builtins.genList (n: derivation {
    name = name + "-" + toString n;
    inherit system seconds;
    requiredSystemFeatures = words features;
    builder = builtins.head (words sh);
    args = builtins.tail (words sh) ++ [ "-c" waits ];
    paths = map builtins.storePath (words inputs);
    \${if library == "" then null else "LD_LIBRARY_PATH"} = library;
  }) count`;

interface Asked {
  name: string;
  count: number;
  seconds: number;
  system: string;
  features: readonly string[];
  builders: string;
  /** Whether this machine's programs run on that system. */
  bringsShell: boolean;
}

/** A sandbox may hold no shell, so builds for this machine's own system bring one. */
function script({ name, count, seconds, system, features, builders, bringsShell }: Asked): string {
  const texts = { name, system, seconds: String(seconds), waits, features: features.join(' ') };
  const given = Object.entries(texts).map(([key, value]) => `--argstr ${key} ${quote(value)}`);
  return `
name=${quote(name)} tmp=$(mktemp -d) || exit 8
trap 'rm -rf "$tmp"' EXIT
${bringsShell ? bringProgram : "sh=/bin/sh inputs='' library=''"}
nix-build --no-out-link --max-jobs 0 --option substitute false --option builders ${quote(builders)} \\
  --option pure-eval false --option restrict-eval false ${given.join(' ')} --arg count ${count} \\
  --argstr sh "$sh" --argstr inputs "$inputs" --argstr library "$library" -E ${quote(expression)}
`;
}

/**
 * Builds as many tiny derivations at once as asked for, with no local jobs, and counts them by the builder that Nix
 * says. Cleans up what stays on this machine. Throws when the builds fail, with Nix's own words.
 */
export async function observeBuilds(
  count: number,
  { system, requiredFeatures }: Pick<DerivationNeeds, 'system' | 'requiredFeatures'>,
  builders: string,
  client: { transport: Transport; system: string },
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const name = `doctor-route-${randomBytes(8).toString('hex')}`;
  // The hook connects to one builder after the other.
  const seconds = 4 + Math.ceil(count / 2);
  const asked = { name, count, seconds, system, features: requiredFeatures, builders };
  try {
    const { exitCode, stderr } = await client.transport.run(
      script({ ...asked, bringsShell: system === client.system }),
      { timeoutMs: (seconds + 120) * 1000, signal },
    );
    if (exitCode !== 0) throw new Error(`the builds failed: ${stderr.trim()}`);
    return countBuilds(stderr);
  } finally {
    const clean = `set -- /nix/store/*-${name}-*; [ ! -e "$1" ] || nix-store --delete "$@"; rm -f /nix/var/log/nix/drvs/*/*-${name}-*`;
    await client.transport
      .run(clean, { timeoutMs: 60_000, signal: AbortSignal.timeout(60_000) })
      .catch(() => undefined);
  }
}

/** By the lines `building '….drv' on 'URI'...` of Nix's log. */
export function countBuilds(log: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, uri = ''] of log.matchAll(/^building '[^']*' on '([^']*)'/gm))
    counts.set(uri, (counts.get(uri) ?? 0) + 1);
  return counts;
}
