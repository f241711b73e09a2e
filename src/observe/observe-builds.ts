import { randomBytes } from 'node:crypto';
import type { Transport } from '../transport/transport.ts';
import type { DerivationNeeds } from './derivation.ts';

/** Starts the builds and waits for them; the builds wait until all are under way, so that none frees a slot for another. */
const script =
  'read up rest < /proc/uptime; end=$((${up%%.*} + seconds)); PATH=/bin:/usr/bin:/run/current-system/sw/bin sleep $seconds 2>/dev/null || while read up rest < /proc/uptime && [ ${up%%.*} -lt $end ]; do :; done; echo > $out';
const expression = `{ name, count, system, features, seconds, script }:
  builtins.genList (n: derivation {
    name = name + "-" + toString n;
    inherit system seconds;
    requiredSystemFeatures = features;
    builder = "/bin/sh";
    args = [ "-c" script ];
  }) count`;

/**
 * Builds as many tiny derivations at once as asked for, with no local jobs, and counts them by the builder that Nix
 * says. Cleans up what stays on this machine. Throws when the builds fail, with Nix's own words.
 */
export async function observeBuilds(
  count: number,
  { system, requiredFeatures }: Pick<DerivationNeeds, 'system' | 'requiredFeatures'>,
  builders: string,
  client: Transport,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const name = `doctor-route-${randomBytes(8).toString('hex')}`;
  // The hook connects to one builder after the other.
  const seconds = 4 + Math.ceil(count / 2);
  const argv = [
    ...['nix-build', '--no-out-link', '--max-jobs', '0', '--option', 'substitute', 'false'],
    ...['--option', 'builders', builders, '--argstr', 'name', name, '--argstr', 'system', system],
    ...['--arg', 'count', String(count), '--argstr', 'seconds', String(seconds)],
    ...['--argstr', 'script', script],
    ...['--argstr', 'features', requiredFeatures.join(' '), '-E', expression],
  ];
  try {
    const { exitCode, stderr } = await client.run(argv, { timeoutMs: (seconds + 120) * 1000, signal });
    if (exitCode !== 0) throw new Error(`the builds failed: ${stderr.trim()}`);
    return countBuilds(stderr);
  } finally {
    const clean = `set -- /nix/store/*-${name}-*; [ ! -e "$1" ] || nix-store --delete "$@"; rm -f /nix/var/log/nix/drvs/*/*-${name}-*`;
    await client
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
