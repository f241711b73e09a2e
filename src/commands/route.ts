import { assumedVersion, featuresOf, parseRelease } from '../machines/release.ts';
import type { ClientView } from '../nix/client-view.ts';
import { readDerivation, type DerivationNeeds } from '../nix/derivation.ts';
import { observeBuilds } from '../nix/trial-builds.ts';
import { currentLoadFolder, heldSlots } from '../nix/slot-locks.ts';
import { decide } from '../routing/decide.ts';
import { adviceOn, explainChoice, round } from '../routing/explain.ts';
import { type Distribution, distribute } from '../routing/distribute.ts';
import type {} from '../routing/external.ts';
import {
  type BuildRequest,
  type Candidate,
  type Choice,
  chooseBuilder,
  type ExternalBuilder,
} from '../routing/index.ts';
import type { Transport } from '../transport/transport.ts';
import { type BuilderOptions, readBuilders } from '../setup/builders.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { print, sayRows } from '../cli/print.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';
import { UserError } from '../support/user-error.ts';

export interface RouteOptions extends BuilderOptions {
  system?: string | undefined;
  feature: string[];
  derivation?: string | undefined;
  currentLoad?: string | undefined;
  nixVersion?: string | undefined;
  jobs?: string | undefined;
  observe?: string | undefined;
  format: string;
}

/**
 * `route`: which builder Nix picks for a build, and why not the others. 0 when one is picked, or an external builder gets
 * it, else 1.
 */
export async function route(installable: string | undefined, options: RouteOptions): Promise<number> {
  const interrupt = onInterrupt();
  try {
    const { client: view, transport } = await inspectThisMachine(interrupt.signal, process.cwd());
    const client = asVersion(view, options.nixVersion);
    const needs = await readNeeds(installable, options, client, transport, interrupt.signal);
    const { builders, diagnostics, text } = await readBuilders(options, client);
    const refused = diagnostics.find(({ severity }) => severity === 'error');
    if (refused !== undefined)
      throw new UserError(
        `Nix refuses the machines file, so every build fails: ${refused.file ?? 'builders'}:${refused.line}:${refused.column}: ${refused.message}`,
      );
    const busy = new Set(
      (await heldSlots(options.currentLoad ?? currentLoadFolder(view.environment.env))).map(
        ({ slot }) => slot,
      ),
    );
    const request: BuildRequest = { ...needs, localSlotFree: client.maxJobs > 0 };
    const isBusy = (slot: string): boolean => busy.has(slot);
    const choice = chooseBuilder(builders, request, client, isBusy);
    const sentence = explainChoice(choice, request, client, needs);
    const decision = decide(choice, request, client, needs);
    const observed = readCount('--observe', options.observe);
    const jobs = observed ?? readCount('--jobs', options.jobs);
    // Real builds are started with -j0, so none stays here.
    const playing = observed === null ? client : { ...client, maxJobs: 0 };
    const computed =
      jobs === null
        ? null
        : distribute(builders, { ...request, localSlotFree: playing.maxJobs > 0 }, playing, isBusy, jobs);
    const seen =
      observed === null || computed === null
        ? null
        : await observeBuilds(
            { count: observed, allAtOnce: computed.waiting === 0 },
            needs,
            text,
            { transport, system: client.system },
            interrupt.signal,
          ).catch((error: unknown) => {
            throw new UserError(error instanceof Error ? error.message : String(error));
          });

    if (options.format === 'json') {
      const result = { request: needs, nixVersion: client.nixVersion, ...plain(choice), decision, sentence };
      process.stdout.write(
        `${JSON.stringify({ ...result, ...(computed === null ? {} : { computed: figures(computed) }), ...(seen === null ? {} : { observed: Object.fromEntries(seen) }) }, null, 2)}\n`,
      );
    } else {
      writeTable(choice, needs, client);
      writeExternal(client, needs.system, decision.to === 'external' ? decision.external : undefined);
      print(`\n${sentence}`);
      if (computed !== null) writeDistribution(computed, seen, client);
    }
    return decision.to === 'builder' || decision.to === 'external' ? 0 : 1;
  } finally {
    interrupt.dispose();
  }
}

/** The client with another Nix than its own: one that has no external builders forgets them. */
function asVersion(view: ClientView, asked: string | undefined): ClientView {
  const nixVersion = asked ?? (view.nixVersion || assumedVersion);
  return asked === undefined || featuresOf(parseRelease(asked)).externalBuilders
    ? { ...view, nixVersion }
    : { ...view, nixVersion, external: { enabled: false, builders: [] } };
}

async function readNeeds(
  installable: string | undefined,
  { derivation, system, feature }: RouteOptions,
  client: ClientView,
  transport: Transport,
  signal: AbortSignal,
): Promise<DerivationNeeds> {
  const what = derivation ?? installable;
  if (derivation !== undefined && installable !== undefined)
    throw new UserError('give either --derivation or an installable, not both');
  if (what === undefined)
    return { system: system ?? client.system, requiredFeatures: feature, preferLocalBuild: false };
  if (system !== undefined || feature.length > 0)
    throw new UserError(
      'a derivation says itself which system and features it needs; leave --system and --feature out',
    );
  try {
    return await readDerivation(what, transport, signal);
  } catch (error) {
    throw new UserError(`cannot read ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readCount(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new UserError(`${option} wants a whole number from 1 to 10000, not "${text}"`);
  return count;
}

/** As the library gives it, with builders by their URIs. */
function plain({ reply, builder, slot, candidates }: Choice): Record<string, unknown> {
  return {
    reply,
    builder: builder?.uri ?? null,
    slot: slot ?? null,
    candidates: candidates.map(({ builder: own, key, ...rest }) => ({
      uri: own.uri,
      source: own.source,
      speedFactor: String(own.speedFactor),
      key: String(key),
      ...rest,
    })),
  };
}

function figures({ counts, local, waiting, order }: Distribution): Record<string, unknown> {
  return {
    builders: counts.map(({ builder, builds }) => ({ uri: builder.uri, builds })),
    local,
    waiting,
    order,
  };
}

function writeTable(choice: Choice, needs: DerivationNeeds, client: ClientView): void {
  const features = needs.requiredFeatures.length === 0 ? '' : `, needs ${needs.requiredFeatures.join(', ')}`;
  print(`A build for ${needs.system}${features}, as Nix ${client.nixVersion} chooses:\n`);
  const rows = [
    ['', 'BUILDER', 'BUSY', 'SPEED', 'KEY', ''],
    ...choice.candidates.map((candidate) => [
      candidate.builder === choice.builder ? '*' : '',
      candidate.builder.uri,
      `${candidate.load}/${candidate.slots}`,
      String(candidate.builder.speedFactor),
      candidate.eligible ? round(candidate.key) : '-',
      candidate.builder === choice.builder ? 'chosen' : whyNot(candidate),
    ]),
  ];
  sayRows(rows);
}

/** The programs of `external-builders`; `started`: the one that gets this build. */
function writeExternal({ external }: ClientView, system: string, started?: ExternalBuilder): void {
  if (external.builders.length === 0) return;
  print('\nexternal-builders, which Nix turns to after the builders:\n');
  sayRows([
    ['', 'SYSTEMS', 'PROGRAM', ''],
    ...external.builders.map((one) => [
      one === started ? '*' : '',
      one.systems.join(', '),
      one.program,
      one === started ? 'chosen' : one.systems.includes(system) ? 'has the system' : `not for ${system}`,
    ]),
  ]);
}

function whyNot({ eligible, reason, builder }: Candidate): string {
  if (eligible) return 'could take it';
  const { field } = reason ?? {};
  const place =
    field === undefined
      ? `${builder.source.file ?? 'builders'}:${builder.source.line}`
      : `"${field.text}" at ${builder.source.file ?? 'builders'}:${field.line}:${field.column}`;
  return `no: ${reason?.text ?? ''} (${place})`;
}

function writeDistribution(
  computed: Distribution,
  seen: ReadonlyMap<string, number> | null,
  client: ClientView,
): void {
  const total = computed.order.length;
  print(`\n${total} builds, one after the other, none of them ending meanwhile:\n`);
  const bar = (builds: number): string => '█'.repeat(Math.round((builds / Math.max(1, total)) * 30));
  const rows = [
    ...(seen === null ? [] : [['BUILDER', 'COMPUTED', 'OBSERVED', '']]),
    ...computed.counts.map(({ builder, builds }) => [
      builder.uri,
      String(builds),
      ...(seen === null ? [] : [String(seen.get(builder.uri) ?? 0)]),
      bar(builds),
    ]),
    ...(computed.local === 0
      ? []
      : [['this machine', String(computed.local), ...(seen === null ? [] : ['-']), bar(computed.local)]]),
    ...(computed.waiting === 0
      ? []
      : [['waiting', String(computed.waiting), ...(seen === null ? [] : ['-']), bar(computed.waiting)]]),
  ];
  sayRows(rows);
  const advice = adviceOn(computed, client);
  if (advice !== null) print(`\n${advice}`);
}
