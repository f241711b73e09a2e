import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../scenario/observation.ts';
import { quote } from '../support/shell-quote.ts';
import type { CommandResult } from '../transport/transport.ts';
import { entryWith, entryWithout } from '../machines/entry-with.ts';
import { promisedFeatures } from '../machines/promised-features.ts';
import { shellCommand } from '../connection/by-hand.ts';
import { nixPath } from '../nix/program-path.ts';
import { type Probe, type ProbeContext, builderOf, sshOf, textOf } from './probe.ts';
import { sectionsIn } from '../support/sections.ts';
import { unansweredConnection } from '../connection/unanswered-packets.ts';
import { duration } from '../system/session-limits.ts';
import { buildByHand } from '../nix/test-build/by-hand.ts';
import { wasStarted } from '../nix/test-build/foreign.ts';
import { buildScript } from '../nix/test-build/script.ts';

/** One build that did not succeed. */
interface Failed {
  kind: 'plain' | 'system' | 'feature';
  /** The system or feature. */
  of: string;
  /** What Nix says of it. */
  words: string;
}

/**
 * Tiny builds, all asked for in one call of Nix. `on: builder` makes them there with the builder's own settings;
 * `on: client` sends them from here with this entry alone. `promises: yes` adds a build for each system and feature
 * of the entry to the plain one.
 */
export const testBuilds: Probe = {
  name: 'test-builds',
  parameters: ['on', 'name', 'entry', 'promises'],
  required: ['on', 'name'],
  reproduce: (parameters, context, { value }) => {
    const { kind, of } = failedIn(value);
    const { builder, ssh } = sshOf(context);
    const isSent = parameters['on'] !== 'builder';
    const system = kind === 'system' ? of : isSent ? (builder.systems[0] ?? '') : '';
    const entry = isSent ? textOf(parameters['entry']) : null;
    const command = buildByHand({ system, feature: kind === 'feature' ? of : '', entry });
    return isSent ? command : shellCommand(ssh, `PATH=$PATH:${quote(nixPath(builder))}\n${command}`);
  },
  observe: async (parameters, context) => {
    const builder = builderOf(context);
    const onBuilder = parameters['on'] === 'builder';
    const all = parameters['promises'] === 'yes';
    const systems = all ? builder.systems.filter((system) => system !== 'builtin') : [];
    const features = all ? promisedFeatures(builder) : [];
    const script = buildScript({
      name: textOf(parameters['name']),
      own: onBuilder ? '' : context.client.system,
      system: onBuilder ? '' : (builder.systems[0] ?? context.client.system),
      systems,
      features,
      mandatory: onBuilder ? [] : builder.mandatoryFeatures,
      options: onBuilder ? [] : ['--max-jobs', '0', '--option', 'builders', textOf(parameters['entry'])],
      inputHere: !onBuilder && context.client.maxJobs > 0,
    });
    const ended = new AbortController();
    const [ran, hangingHook] = await Promise.all([
      run(script, onBuilder, context).finally(() => ended.abort()),
      onBuilder ? hookThatHangs(context, ended.signal).catch(() => '') : '',
    ]);
    const sections = sectionsIn(plainText(ran.stdout));
    const stderr = plainText(ran.stderr);
    const failed = failuresOf(sections, systems, features);
    const result = sections.get('result') ?? '';
    const ofKind = (kind: Failed['kind']): string[] =>
      failed.filter((one) => one.kind === kind).map(({ of }) => of);
    return {
      ...ran,
      stdout: sections.get('result') ?? '',
      stderr: failed[0]?.words ?? stderr,
      value: {
        // The first failure; the plain build comes first.
        kind: failed[0]?.kind ?? '',
        of: failed[0]?.of ?? '',
        words: failed[0]?.words ?? '',
        failed: failed.length,
        missingSystems: ofKind('system').join(', '),
        missingFeatures: ofKind('feature').join(', '),
        honestEntry: entryWithout(
          builder,
          ofKind('system'),
          ofKind('feature'),
          ownSystem(failed.map(({ words }) => words).join('\n')),
        ),
        // The entry with the store that is the builder's own.
        entryOwnStore: entryWith(builder, { 0: withoutRemoteStore(builder.fields[0]?.text ?? '') }),
        // A store in a folder of its own is built in with chroot, which shows builds none of the builder's files.
        lacksShell: 'remote-store' in builder.params && / sh=no /.test(result),
        // In seconds; 0: no program of Nix was seen under `timeout`.
        endsAfter: limitIn(result),
        // A sandbox has a host name of its own.
        host: /^host=(?!localhost )(\S+) /m.exec(result)?.[1] ?? builder.host,
        on: /^building '[^']*-plain\.drv' on '([^']*)'/m.exec(stderr)?.[1] ?? '',
        // Nix's own record: true only in the store that built it.
        builtHere: /"ultimate":\s*true/.test(sections.get('info') ?? ''),
        result: sections.has('result'),
        hangingHook,
        inputWords: /^built here$/m.test(sections.get('input') ?? '') ? '' : (sections.get('input') ?? ''),
      },
    };
  },
};

/** Words of `timeout` before the duration, without their blanks. The time of -k may run into the duration. */
const timeoutWords =
  / limit=\S*?timeout(?:--foreground|--preserve-status|--verbose|-[fpv]|(?:-s|--signal=?)[A-Z]+)*((?:-k|--kill-after=?)?)((?:[\d.]+[smhd]?)+)(?=\/|nix|sh|bash|env)/;

/**
 * From `limit=timeout5nix-daemon--stdio`, where no blanks show where a word ends. Where two times run into each other
 * (`-k55`), the longest that the last can be.
 */
export function limitIn(result: string): number {
  const [, grace, times = ''] = timeoutWords.exec(result) ?? [];
  if (grace === '') return duration(times);
  const last = Array.from(times, (_digit, at) => times.slice(at)).slice(1);
  return Math.max(0, ...last.filter((time) => /^[1-9]/.test(time)).map(duration));
}

/** The first failure, as {@link testBuilds} tells it. */
function failedIn(value: Json | undefined): { kind: string; of: string } {
  const told = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return { kind: textOf(told['kind']), of: textOf(told['of']) };
}

async function run(script: string, onBuilder: boolean, context: ProbeContext): Promise<CommandResult> {
  if (!onBuilder) return runHere(script, context);
  const { builder, ssh } = sshOf(context);
  const transport = await ssh.transport(context.signal);
  return transport.run(
    `PATH=$PATH:${quote(nixPath(builder))}\nunset NIX_STORE_DIR\numask 022\n${script}`,
    context,
  );
}

/** Ends the wait where the daemon gets no connection to the builder. */
async function runHere(script: string, context: ProbeContext): Promise<CommandResult> {
  const { client, clientTransport, ssh, timeoutMs, signal } = context;
  const [done, stalled] = [new AbortController(), new AbortController()];
  let connected = false;
  if (ssh !== undefined && client.buildsThroughDaemon)
    // What cannot be watched takes its time.
    void unansweredConnection(client, ssh, AbortSignal.any([signal, done.signal]))
      .then((seen) => {
        if (seen !== null && !connected) stalled.abort();
      })
      .catch(() => undefined);
  try {
    const ran = await clientTransport.run(script, {
      timeoutMs,
      signal: AbortSignal.any([signal, stalled.signal]),
      onOutput: (stream, chunk) => {
        // Nix says so when it has sent the build.
        connected ||= stream === 'stderr' && /^building '[^']*' on /m.test(chunk.toString());
      },
    });
    return { ...ran, timedOut: ran.timedOut || stalled.signal.aborted };
  } finally {
    done.abort();
  }
}

/** A build that takes so long is looked at while it runs. */
const hangsBeforeEndMs = 6_000;

/**
 * The post-build-hook of the builder, where it still runs shortly before the time of the builds is up: Nix waits for it
 * without a word.
 */
async function hookThatHangs(context: ProbeContext, ended: AbortSignal): Promise<string> {
  await sleep(context.timeoutMs - hangsBeforeEndMs, undefined, { signal: ended });
  const { builder, ssh } = sshOf(context);
  const transport = await ssh.transport(context.signal);
  const { stdout } = await transport.run(
    `PATH=$PATH:${quote(nixPath(builder))}
hook=$(nix --extra-experimental-features nix-command show-config | sed -n 's/^post-build-hook = //p')
[ -n "$hook" ] || exit 0
{ ps -eo args || ps; } | while read -r words; do case $words in *"$hook"*) echo "$hook"; break ;; esac; done`,
    { timeoutMs: hangsBeforeEndMs, signal: context.signal },
  );
  return stdout.trim();
}

function withoutRemoteStore(uri: string): string {
  return uri.replace(/([?&])remote-store=[^&]*(&|$)/, (_all, before: string, after: string) =>
    after === '' ? '' : before,
  );
}

/** Nix 2.8 writes errors of a build's child with the NULs of its own pipe. */
function plainText(text: string): string {
  return text.replace(/[\0-\x08]+/g, '');
}

/** A system was accepted where only the program is missing that was never there, or where one that holds nothing was started. */
function isAccepted(words: string, apart: boolean): boolean {
  return /executing '\/nowhere'/.test(words) || (apart && wasStarted(words));
}

function failuresOf(
  sections: ReadonlyMap<string, string>,
  systems: readonly string[],
  features: readonly string[],
): Failed[] {
  const all = [
    { kind: 'plain', of: '' } as const,
    ...systems.map((of) => ({ kind: 'system', of }) as const),
    ...features.map((of) => ({ kind: 'feature', of }) as const),
  ];
  const apart = (sections.get('apart') ?? '').split(/\s+/);
  return all.flatMap((build, index) => {
    const words = sections.get(`failed ${index}`);
    if (words === undefined || isAccepted(words, apart.includes(String(index)))) return [];
    return [{ ...build, words }];
  });
}

/** What the builder says that it is, where it refuses a build. */
function ownSystem(words: string): string | undefined {
  return /(?:but I am an? |Current system: )'([^']+)'/.exec(words)?.[1];
}
