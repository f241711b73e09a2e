import { quote } from '../support/shell-quote.ts';
import { errorLines } from '../scenario/error-lines.ts';
import type { Transport } from '../transport/transport.ts';
import { nixPath } from '../nix/program-path.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { listUnreadable, refuseUnreadable } from '../nix/readable-conf.ts';
import { sectionsOf } from '../support/sections.ts';
import { CannotObserve } from '../support/cannot-observe.ts';

/** How a substituter answered the builder. */
interface Answer {
  url: string;
  /** `stops`: Nix makes an error of its answers, and no build that asks it can succeed. */
  state: 'answers' | 'silent' | 'unreachable' | 'refuses' | 'stops';
  seconds: number;
  /** Nix's own words; empty where it answers. */
  words: string;
}

/** Nix itself has no limit for a server that accepts and says nothing (stalled-download-timeout counts later). */
const withinMs = 10_000;
const atMost = 6;

/** Asked for, as builds ask for their outputs; no substituter has it. */
const nowhere = `/nix/store/${'0'.repeat(32)}-not-there`;

/** Nix's words for a path that a substituter does not have. */
const isMissing = /error: path '[^']*-not-there' (?:is not valid|does not exist)/;

/**
 * Whether the substituters of the builder answer it, each asked with the builder's own Nix and an empty cache, so that
 * the time is what a build there pays. `matters`: builds that this client sends there ask them; where they do not, none
 * is asked here either. Over ssh-ng the builder looks for each output before it builds, whatever
 * builders-use-substitutes says (seen with Nix 2.8 and 2.34).
 */
export const substituters: Probe = {
  name: 'substituters',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    const inPath = `PATH=$PATH:${quote(nixPath(builder))}`;
    const use = context.client.buildersUseSubstitutes;
    const matters = use || builder.scheme === 'ssh-ng';
    const urls = matters ? await substitutersOf(transport, inPath, context) : [];
    const answers = await Promise.all(
      urls.slice(0, atMost).map((url) => ask(url, transport, inPath, context)),
    );
    const bad = answers.filter(({ state }) => state !== 'answers');
    const [silent] = bad.filter(({ state }) => state === 'silent');
    const [stops] = bad.filter(({ state }) => state === 'stops');
    const [other] = bad.filter(({ state }) => state === 'unreachable' || state === 'refuses');
    return {
      value: {
        asked: urls.length,
        use,
        matters,
        silent: silent?.url ?? '',
        stops: stops?.url ?? '',
        stopsWords: stops?.words ?? '',
        failing: other?.url ?? '',
        failingState: other?.state ?? '',
        failingSeconds: other?.seconds ?? 0,
        failingWords: other?.words ?? '',
      },
    };
  },
};

async function substitutersOf(
  transport: Transport,
  inPath: string,
  context: ProbeContext,
): Promise<string[]> {
  const show = 'nix --extra-experimental-features nix-command';
  const { stdout, stderr, exitCode } = await transport.run(
    `${inPath}; ${listUnreadable}
section uid; id -u
section substituters; { ${show} config show 2>/dev/null || ${show} show-config; } | sed -n 's/^substituters = //p'`,
    { ...context, quick: true },
  );
  if (exitCode !== 0) throw new CannotObserve('no-settings', errorLines(stderr) || 'no settings');
  const section = sectionsOf(stdout);
  refuseUnreadable(section);
  // The daemon logs in with root's key, which no other user can try.
  const isRoot = section('uid') === '0';
  return section('substituters')
    .split(/\s+/)
    .filter((word) => isHttp(word) || (isRoot && isSsh(word)));
}

function isHttp(url: string): boolean {
  return /^https?:\/\//.test(url);
}

function isSsh(url: string): boolean {
  return /^ssh(?:-ng)?:\/\//.test(url);
}

async function ask(
  url: string,
  transport: Transport,
  inPath: string,
  context: ProbeContext,
): Promise<Answer> {
  // With a cache of its own: Nix remembers an answer for a week.
  const command = `${inPath}; cache=$(mktemp -d) || exit 9; trap 'rm -rf "$cache"' EXIT; trap 'exit 1' TERM HUP
XDG_CACHE_HOME=$cache nix --extra-experimental-features nix-command path-info --store ${quote(url)} ${nowhere}`;
  const { exitCode, stderr, durationMs, timedOut } = await transport.run(command, {
    ...context,
    timeoutMs: Math.min(withinMs, context.timeoutMs),
  });
  const answer = { url, seconds: Math.round(durationMs / 1000), words: '' };
  if (timedOut) return { ...answer, state: 'silent' };
  if (exitCode === 0 || isMissing.test(stderr)) return { ...answer, state: 'answers' };
  if (exitCode === 9) throw new CannotObserve('no-folder', errorLines(stderr));
  const words = lastError(stderr);
  return { ...answer, state: failure(url, words, stderr), words: errorLines(words) };
}

/**
 * Nix leaves a substituter out that it cannot open, and makes an error of a bad answer about a path (seen with Nix 2.8 and
 * 2.34). It tries again where a server may come back, and not where it said no.
 */
function failure(url: string, words: string, stderr: string): Answer['state'] {
  if (/\.narinfo/.test(words) || !isHttp(url)) return 'stops';
  return /retrying in \d+ ms/.test(stderr) ? 'unreachable' : 'refuses';
}

/** The same error is written at each try. */
function lastError(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /error: |unable to download/.test(line));
  return lines.at(-1)?.replace(/; retrying in.*$/, '') ?? stderr;
}
