import { setTimeout as sleep } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import { breathe } from '../breathe.ts';
import type { Report, ReportBuilder, ReportCheck, Shard } from '../generated/report.ts';
import type { Waiver } from '../generated/waivers.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import type { ClientView } from '../observe/client-view.ts';
import type { Probe } from '../observe/probe.ts';
import type { SshAccess } from '../observe/ssh-access.ts';
import { causesOf, rootCauseOf, summarise, verdictOf } from '../report/build.ts';
import type { ReportEvent } from '../report/events.ts';
import type { Json, Observation } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Context } from '../scenario/template.ts';
import { quoteIfNeeded } from '../shell-quote.ts';
import type { Transport } from '../transport/transport.ts';
import { byHand } from './by-hand.ts';
import { letsPass, makeCheck } from './check.ts';
import { builderContext, clientContext } from './context.ts';
import { isExternal, scenariosFor } from './external.ts';
import { type Memory, questionOf, recalled, withoutNonce } from './memory.ts';
import { observe, type ObserveOptions, type Request } from './observe.ts';
import { isNamedLike } from './names.ts';
import { printFixes } from './print-fixes.ts';
import type { Subject } from './subject.ts';
import { type Turn, turnsFor } from './turn.ts';

/** All that a run needs. The engine reads no files and asks Nix nothing by itself. */
export interface RunInput {
  tool: { name: string; version: string };
  client: ClientView;
  clientTransport: Transport;
  builders: readonly Builder[];
  diagnostics: readonly Diagnostic[];
  /** The entries of Nix's own `builders` setting; null where the user gave entries in its place. */
  effective: readonly Builder[] | null;
  /** In the order of {@link orderByNeeds}. */
  scenarios: readonly Scenario[];
  probes: ReadonlyMap<string, Probe>;
  /** How Nix reaches a builder by ssh; undefined where it does not. */
  access: (builder: Builder, turn: Turn) => SshAccess | undefined;
  vars: Record<string, Json>;
  /** No check may take longer, in milliseconds. Default: each scenario's own limit. */
  mostMs?: number;
  /** Builders logged in to at the same time. Those that do not even answer hold nobody up. */
  jobs: number;
  readOnly: boolean;
  notes: readonly string[];
  signal: AbortSignal;
  emit: (event: ReportEvent) => void;
  /** Takes secrets out of what goes into events and the report. */
  clean: <T>(value: T) => T;
  /** Which part of the fleet `builders` is, where it is a part. */
  shard?: Shard;
  /** Keeps or brings back observations; absent in an ordinary run. */
  memory?: Memory;
  /** Checks that need not pass; `until` was not yet over when they were read. */
  waivers?: readonly Waiver[];
}

/** Checks of one builder that run at the same time. Each transport counts its sessions by itself. */
const checksPerBuilder = 12;

/** Builders whose names and ports are looked at at the same time: a thousand dead ones cost one timeout. */
const looksAtOnce = 1000;

/** Cleaning up goes on for this long, though the run was interrupted. */
const cleanupMs = 10_000;

/** A run that goes on. */
interface Run extends RunInput {
  /** The builders of the machines file, without the external ones: one list, for what is found out of it is kept by it. */
  entries: readonly Builder[];
}

/** Makes every check and returns the report. An aborted run returns what is known so far, marked `interrupted`. */
export async function run(given: RunInput): Promise<Report> {
  const input: Run = { ...given, entries: given.builders.filter((builder) => !isExternal(builder)) };
  const startedAt = new Date();
  const started = performance.now();
  const names = input.clean(uniqueNames(input.builders));
  const clientScenarios = input.scenarios.filter(({ per }) => per === 'client');
  const builderScenarios = input.scenarios.filter(({ per }) => per === 'builder');
  input.emit({
    type: 'run-started',
    builders: names.map((name) => ({ name })),
    scenarios: builderScenarios.map(({ id, stage, title }) => ({ id, stage, title })),
  });

  const client: Subject = { name: null, facts: {}, checks: new Map() };
  const clientDone = runSubject(client, clientScenarios, input, client, started).then((checks) =>
    printFixes(checks, client, input.client, input.clean),
  );

  const looking = pLimit(looksAtOnce);
  const turnOf = turnsFor(input.jobs);
  const builders = await Promise.all(
    input.builders.map((builder, index) =>
      looking(async () => {
        await breathe();
        const turn = turnOf();
        const ssh = input.access(builder, turn);
        const subject: Subject = {
          name: names[index] ?? builder.uri,
          builder,
          ...(ssh === undefined ? {} : { ssh }),
          turn,
          facts: {},
          checks: new Map(),
        };
        try {
          const own = scenariosFor(builder, builderScenarios);
          const checks = await runSubject(subject, own, input, client, started);
          const result = reportBuilder(
            input.clean,
            subject,
            builder,
            printFixes(checks, subject, input.client, input.clean),
            await clientDone,
          );
          input.emit({ type: 'builder-finished', builder: result });
          return result;
        } finally {
          turn.leave();
          await ssh?.close();
        }
      }),
    ),
  );
  const clientChecks = await clientDone;

  const report: Report = {
    schemaVersion: 1,
    tool: input.tool,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - started),
    ...(input.signal.aborted ? { interrupted: true } : {}),
    ...(input.shard === undefined ? {} : { shard: input.shard }),
    client: input.clean({
      hostname: input.client.hostname,
      user: input.client.user,
      nixVersion: input.client.nixVersion,
      ...(input.notes.length === 0 ? {} : { notes: [...input.notes] }),
    }),
    summary: summarise(clientChecks, builders),
    clientChecks,
    builders,
  };
  input.emit({ type: 'run-finished', report });
  return report;
}

/** Starts every check as soon as those that it needs are done, and returns them in the order of the plan. */
function runSubject(
  subject: Subject,
  scenarios: readonly Scenario[],
  input: Run,
  client: Subject,
  started: number,
): Promise<ReportCheck[]> {
  const limit = pLimit(checksPerBuilder);
  const loggingIn = thoseThatLogIn(scenarios);
  const seen = new Map<string, Promise<Observation>>();
  for (const scenario of scenarios) {
    subject.checks.set(
      scenario.id,
      runCheck(scenario, loggingIn.has(scenario.id), subject, client, input, limit, seen, started),
    );
  }
  return Promise.all(subject.checks.values());
}

/** Scenarios that run a command on the builder, or come after the network was found to be right: these need a turn. */
function thoseThatLogIn(scenarios: readonly Scenario[]): Set<string> {
  const found = new Set<string>();
  const network = new Set(scenarios.filter(({ stage }) => stage === 'network').map(({ id }) => id));
  for (const { id, target, needs } of scenarios) {
    if (network.has(id)) continue;
    if (target === 'builder' || needs.some((need) => network.has(need) || found.has(need))) found.add(id);
  }
  return found;
}

async function runCheck(
  scenario: Scenario,
  logsIn: boolean,
  subject: Subject,
  client: Subject,
  input: Run,
  limit: LimitFunction,
  seen: Map<string, Promise<Observation>>,
  runStarted: number,
): Promise<ReportCheck> {
  // Needs come earlier in the plan, so their promises are in place. One that was left out (--skip) holds nothing up.
  const needs: ReportCheck[] = [];
  for (const id of scenario.needs) {
    const need = await (subject.checks.get(id) ?? client.checks.get(id));
    if (need !== undefined) needs.push(need);
  }
  if (needs.every(letsPass)) await takeTurn(scenario, logsIn, subject, input);
  return limit(async () => {
    await breathe();
    input.emit({ type: 'check-started', builder: subject.name, scenario: scenario.id });
    const result = await makeCheck({
      scenario,
      needs,
      context: () => contextOf(subject, client, input),
      leftOut: leftOut(scenario, input),
      factSource: (name) => {
        const source = input.scenarios.find(({ capture }) => Object.hasOwn(capture, name));
        return { by: source?.id, unmeasured: source?.capture[name]?.unmeasured };
      },
      waived: waiverOf(scenario, subject, input),
      look: async (request, fresh, nonce) => {
        const known = fresh ? new Map<string, Promise<Observation>>() : seen;
        const observation = await lookOnce(request, nonce, scenario, subject, input, known);
        await breathe();
        return observation;
      },
      cleanUp: (request) =>
        input.memory?.recall === undefined
          ? observe(request, observeOptions(scenario, subject, input, AbortSignal.timeout(cleanupMs)))
          : Promise.resolve(),
      runStarted,
      byHand: async (request, observation) => {
        const again = againWords(scenario, subject);
        // What is replayed may be gone, or be on another machine.
        if (input.memory?.recall !== undefined) return again;
        const options = observeOptions(scenario, subject, input, input.signal);
        // What keeps it from being written down (a NIX_SSHOPTS that Nix cannot split) has been told by the check.
        return byHand(request, observation, options, again).catch(() => again);
      },
      delay: async (ms) => {
        await sleep(ms, undefined, { signal: input.signal }).catch(() => undefined);
      },
    });
    Object.assign(subject.facts, result.facts);
    const check = input.clean(result.check);
    input.emit({ type: 'check-finished', builder: subject.name, check });
    return check;
  });
}

/** What can learn from a login waits for its turn too, as long as nobody holds the others up. */
async function takeTurn(
  scenario: Scenario,
  logsIn: boolean,
  { turn, ssh }: Subject,
  { memory, signal }: Run,
): Promise<void> {
  // A recording is asked in no order.
  if (memory?.recall !== undefined) return;
  if (logsIn) await turn?.take();
  else if (scenario.with?.['login'] === 'proves' && (await ssh?.canLearn(signal)) === true)
    await turn?.takeUnlessSlow();
}

/** The same question about the same subject is asked once and judged by each scenario that asks it. */
function lookOnce(
  request: Request,
  nonce: string,
  scenario: Scenario,
  subject: Subject,
  input: Run,
  seen: Map<string, Promise<Observation>>,
): Promise<Observation> {
  const key = JSON.stringify(request);
  const known = seen.get(key);
  if (known !== undefined) return known;
  const observation = look(request, nonce, scenario, subject, input);
  seen.set(key, observation);
  return observation;
}

async function look(
  request: Request,
  nonce: string,
  scenario: Scenario,
  subject: Subject,
  input: Run,
): Promise<Observation> {
  const { memory } = input;
  const question = questionOf(subject.name, request, nonce);
  if (memory?.recall !== undefined) return recalled(memory, question, nonce);
  const observation = await observe(request, observeOptions(scenario, subject, input, input.signal));
  memory?.keep?.(question, withoutNonce(observation, nonce));
  return observation;
}

function waiverOf(
  { id }: Scenario,
  { builder }: Subject,
  { waivers = [] }: Run,
): NonNullable<ReportCheck['waived']> | null {
  const found = waivers.find(
    (waiver) =>
      waiver.scenario === id &&
      (waiver.builder === undefined || (builder !== undefined && isNamedLike(builder, waiver.builder))),
  );
  if (found === undefined) return null;
  const { reason, until } = found;
  return { reason, ...(until === undefined ? {} : { until }) };
}

function observeOptions(
  scenario: Scenario,
  subject: Subject,
  { client, clientTransport, entries, diagnostics, effective, probes, mostMs = Infinity }: Run,
  signal: AbortSignal,
): ObserveOptions {
  return {
    probes,
    context: {
      client,
      clientTransport,
      builders: entries,
      diagnostics,
      effective,
      ...(subject.builder === undefined ? {} : { builder: subject.builder }),
      ...(subject.ssh === undefined ? {} : { ssh: subject.ssh }),
    },
    // Where the login takes long, so does all that logs in; what the caller allows stays the limit.
    timeoutMs: Math.min(scenario.timeoutMs + (subject.ssh?.slowMs ?? 0), mostMs),
    signal,
    quick: scenario.quick,
  };
}

/** The check alone, with all that it sees. */
function againWords({ id }: Scenario, { builder }: Subject): string {
  const host = builder === undefined ? '' : ` -i ${quoteIfNeeded(builder.host || builder.uri)}`;
  return `nix-remote-builder-doctor check -t ${id}${host} -vvv`;
}

function leftOut(scenario: Scenario, { readOnly }: Run): string | null {
  if (readOnly && scenario.effect !== 'none')
    return `left out by --read-only: its effect is ${scenario.effect}`;
  return null;
}

function contextOf(subject: Subject, client: Subject, input: Run): Context {
  return {
    client: (client.known ??= clientContext(input.client)),
    facts: { ...client.facts, ...subject.facts },
    vars: input.vars,
    ...(subject.builder === undefined
      ? {}
      : { builder: (subject.known ??= builderContext(subject.builder)) }),
  };
}

function reportBuilder(
  clean: RunInput['clean'],
  { name, ssh }: Subject,
  builder: Builder,
  checks: ReportCheck[],
  clientChecks: ReportCheck[],
): ReportBuilder {
  const transport = ssh?.transportName();
  return {
    ...clean({
      name: name ?? builder.uri,
      uri: builder.uri,
      host: builder.host,
      source: {
        ...(builder.source.file === undefined ? {} : { file: builder.source.file }),
        line: builder.source.line,
      },
      entry: entryWith(builder, {}),
    }),
    ...(transport === undefined ? {} : { transport }),
    verdict: verdictOf(clientChecks, checks),
    rootCause: rootCauseOf(clientChecks, checks),
    causes: causesOf(clientChecks, checks),
    checks,
  };
}

/** The host where it is enough to tell builders apart, else the URI, else the URI with its line. */
export function uniqueNames(builders: readonly Builder[]): string[] {
  const hosts = counted(builders.map(({ host }) => host));
  const uris = counted(builders.map(({ uri }) => uri));
  return builders.map(({ host, uri }, index) => {
    if (host !== '' && hosts.get(host) === 1) return host;
    if (uri !== '' && uris.get(uri) === 1) return uri;
    return `${uri} #${index + 1}`;
  });
}

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
