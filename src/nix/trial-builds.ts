import { randomBytes } from 'node:crypto';
import { quote } from '../support/shell-quote.ts';
import type { Transport } from '../transport/transport.ts';
import type { DerivationNeeds } from './derivation.ts';
import { bringProgram } from './test-build/program.ts';

/**
 * What each build does: it waits until all are under way, so that none frees a slot for another. For a system that is
 * not this machine's own there may be no `sleep`; only then is time spent in a loop.
 */
const waits =
  'read up rest < /proc/uptime; end=$((${up%%.*} + seconds)); PATH=/bin:/usr/bin:/run/current-system/sw/bin; $sleep $seconds 2>/dev/null || while read up rest < /proc/uptime && [ ${up%%.*} -lt $end ]; do :; done; echo > $out';
const expression = `{ name, count, system, features, seconds, waits, sh, sleep, inputs, library }:
  let words = text: builtins.filter (word: builtins.isString word && word != "") (builtins.split " " text);
  in builtins.genList (n: derivation {
    name = name + "-" + toString n;
    inherit system seconds sleep;
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
${bringsShell ? bringProgram('sleep') : "sh=/bin/sh tool=sleep inputs='' library=''"}
nix-build --no-out-link --max-jobs 0 --option substitute false --option builders ${quote(builders)} \\
  --option pure-eval false --option restrict-eval false ${given.join(' ')} --arg count ${count} \\
  --argstr sh "$sh" --argstr sleep "$tool" --argstr inputs "$inputs" --argstr library "$library" -E ${quote(expression)}
`;
}

/** How often the builds are tried, each time twice as long, until all are under way at once. */
const tries = 4;

/**
 * Builds as many tiny derivations at once as asked for, with no local jobs, and counts them by the builder that Nix
 * says. Where there is a slot for each (`allAtOnce`), none may end before the last one begins, as it would free its
 * slot: the time from the first line `building …` to the last is less than one build lasts, else they are tried again
 * and last longer. (The order of the lines does not tell: Nix hears of an end only once all have begun. The time of all
 * of them does not either: a builder with few build users does some of them later.) Cleans up what stays on this
 * machine. Throws when the builds fail, with Nix's own words, or are always too short.
 */
export async function observeBuilds(
  { count, allAtOnce }: { count: number; allAtOnce: boolean },
  { system, requiredFeatures }: Pick<DerivationNeeds, 'system' | 'requiredFeatures'>,
  builders: string,
  client: { transport: Transport; system: string },
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const bringsShell = system === client.system;
  const asked = { count, system, features: requiredFeatures, builders, bringsShell };
  // The hook connects to one builder after the other.
  let seconds = 4 + Math.ceil(count / 2);
  for (let left = tries; left > 0; left -= 1, seconds *= 2) {
    const { log, startsMs } = await buildAll({ ...asked, seconds }, client.transport, signal);
    if (!allAtOnce || startsMs < seconds * 1000) return countBuilds(log);
  }
  throw new Error(`the builds were never all under way at once, though each lasted ${seconds / 2} seconds`);
}

/** One try. Returns Nix's log, and the time from the first line `building …` to the last. */
async function buildAll(
  asked: Omit<Asked, 'name'>,
  transport: Transport,
  signal: AbortSignal,
): Promise<{ log: string; startsMs: number }> {
  const name = `doctor-route-${randomBytes(8).toString('hex')}`;
  const starts: number[] = [];
  const onOutput = (stream: string, chunk: Buffer): void => {
    if (stream === 'stderr' && /^building /m.test(String(chunk))) starts.push(performance.now());
  };
  try {
    const { exitCode, stderr } = await transport.run(script({ ...asked, name }), {
      timeoutMs: (asked.seconds + 120) * 1000,
      signal,
      onOutput,
    });
    if (exitCode !== 0) throw new Error(`the builds failed: ${stderr.trim()}`);
    return { log: stderr, startsMs: (starts.at(-1) ?? 0) - (starts[0] ?? 0) };
  } finally {
    const clean = `set -- /nix/store/*-${name}-*; [ ! -e "$1" ] || nix-store --delete "$@"; rm -f /nix/var/log/nix/drvs/*/*-${name}-*`;
    await transport
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
