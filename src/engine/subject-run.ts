import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { ReportCheck } from '../generated/report.ts';
import type { MachinesView } from '../probes/probe.ts';
import { isCalled } from '../scenario/each.ts';
import type { Observation } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Context } from '../scenario/template/context.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import { satisfiesNeed } from './blocked.ts';
import { type CheckActions, runScenario } from './check.ts';
import { builderContext, clientContext } from './context.ts';
import { reasonLeftOut } from './left-out.ts';
import { isNamedLike } from './names.ts';
import { type ObservationRequest, observe, type ObserveOptions } from './observe.ts';
import { questionOf, replayed, withoutNonce } from './recording.ts';
import { reproduceCommand } from './reproduce.ts';
import type { RunInput } from './run-input.ts';
import type { Subject } from './subject.ts';

/** Checks of one subject that run at the same time. Each transport limits its own sessions. */
const checksAtOnce = 12;

/** Clean-up may take this long after the run was interrupted. */
const cleanUpMs = 10_000;

/** What all subjects of a run share. */
export interface RunContext {
  input: RunInput;
  machines: MachinesView;
  /** The client as a subject: checks of builders may need its facts and checks. */
  client: Subject;
  /** In milliseconds of `performance.now()`. */
  started: number;
}

/** The checks of one subject: the client, or one builder. */
export class SubjectRun {
  private readonly shared: RunContext;
  private readonly input: RunInput;
  private readonly subject: Subject;
  private readonly limit = pLimit(checksAtOnce);
  /** Observations so far, by request: each request is made once and judged by every scenario that makes it. */
  private readonly observed = new Map<string, Promise<Observation>>();

  constructor(shared: RunContext, subject: Subject) {
    this.shared = shared;
    this.input = shared.input;
    this.subject = subject;
  }

  /** Starts every check as soon as those that it needs are done, and returns them in the order of the plan. */
  run(scenarios: readonly Scenario[]): Promise<ReportCheck[]> {
    const loggingIn = scenariosThatLogIn(scenarios);
    for (const scenario of scenarios)
      this.subject.checks.set(scenario.id, this.runCheck(scenario, loggingIn.has(scenario.id)));
    return Promise.all(this.subject.checks.values());
  }

  private async runCheck(scenario: Scenario, logsIn: boolean): Promise<ReportCheck> {
    const needs = await this.needsOf(scenario);
    if (needs.every(satisfiesNeed)) await this.acquireLoginSlot(scenario, logsIn);
    return this.limit(async () => {
      await yieldToEventLoop();
      const { emit, redact } = this.input.output;
      emit({ type: 'check-started', builder: this.subject.name, scenario: scenario.id });
      const result = await runScenario({
        scenario,
        needs,
        context: () => this.context(scenario),
        leftOut: reasonLeftOut(scenario, this.input.limits),
        factSource: (name) => this.sourceOfFact(name),
        waived: this.waiverOf(scenario),
        runStarted: this.shared.started,
        actions: this.actionsOf(scenario),
      });
      Object.assign(this.subject.facts, result.facts);
      const check = redact(result.check);
      emit({ type: 'check-finished', builder: this.subject.name, check });
      return check;
    });
  }

  /** Needs come earlier in the plan, so their promises are there. One that was left out (`--skip`) blocks nothing. */
  private async needsOf(scenario: Scenario): Promise<ReportCheck[]> {
    const needs: ReportCheck[] = [];
    for (const id of scenario.needs) {
      const need = await (this.subject.checks.get(id) ?? this.shared.client.checks.get(id));
      if (need !== undefined) needs.push(need);
    }
    return needs;
  }

  /** A check that a login would prove waits for a slot too, until another builder turns out to be slow. */
  private async acquireLoginSlot({ with: parameters }: Scenario, logsIn: boolean): Promise<void> {
    const { loginSlot, ssh } = this.subject;
    // A replay logs in nowhere.
    if (this.isReplay) return;
    if (logsIn) await loginSlot?.acquire();
    else if (
      parameters?.['login'] === 'proves' &&
      (await ssh?.loginVerifiesHostKey(this.input.signal)) === true
    )
      await loginSlot?.acquireUnlessSlow();
  }

  private get isReplay(): boolean {
    return this.input.observations?.replay !== undefined;
  }

  private actionsOf(scenario: Scenario): CheckActions {
    return {
      observe: async (request, fresh, nonce) => {
        const observation = await this.observeOnce(request, scenario, { fresh, nonce });
        await yieldToEventLoop();
        return observation;
      },
      cleanUp: (request) =>
        this.isReplay
          ? Promise.resolve()
          : observe(request, this.observeOptions(scenario, AbortSignal.timeout(cleanUpMs))),
      reproduce: async (request, observation) => {
        const rerun = this.rerunCommand(scenario);
        // What is replayed may be gone, or be on another machine.
        if (this.isReplay) return rerun;
        const options = this.observeOptions(scenario, this.input.signal);
        // Why it cannot be written as a command (a NIX_SSHOPTS that Nix cannot split) is the check's own finding.
        return reproduceCommand(request, observation, options, rerun).catch(() => rerun);
      },
      delay: async (ms) => {
        await sleep(ms, undefined, { signal: this.input.signal }).catch(() => undefined);
      },
    };
  }

  private observeOnce(
    request: ObservationRequest,
    scenario: Scenario,
    { fresh, nonce }: { fresh: boolean; nonce: string },
  ): Promise<Observation> {
    if (fresh) return this.observeOrReplay(request, scenario, nonce);
    const key = JSON.stringify(request);
    const known = this.observed.get(key);
    if (known !== undefined) return known;
    const observation = this.observeOrReplay(request, scenario, nonce);
    this.observed.set(key, observation);
    return observation;
  }

  private async observeOrReplay(
    request: ObservationRequest,
    scenario: Scenario,
    nonce: string,
  ): Promise<Observation> {
    const { observations, signal } = this.input;
    const question = questionOf(this.subject.name, request, nonce);
    if (observations?.replay !== undefined) return replayed(observations, question, nonce);
    const observation = await observe(request, this.observeOptions(scenario, signal));
    observations?.record?.(question, withoutNonce(observation, nonce));
    return observation;
  }

  private observeOptions(scenario: Scenario, signal: AbortSignal): ObserveOptions {
    const { client, suite, limits } = this.input;
    const { builder, ssh } = this.subject;
    return {
      probes: suite.probes,
      context: {
        client: client.view,
        clientTransport: client.transport,
        machines: this.shared.machines,
        ...(builder === undefined ? {} : { builder }),
        ...(ssh === undefined ? {} : { ssh }),
      },
      // A slow login delays every command that logs in; the caller's limit still holds.
      timeoutMs: Math.min(scenario.timeoutMs + (ssh?.slowMs ?? 0), limits.mostMs ?? Infinity),
      signal,
      quick: scenario.quick,
    };
  }

  /** Runs this check alone, and shows all that it observes. */
  private rerunCommand({ id }: Scenario): string {
    const { builder } = this.subject;
    const host = builder === undefined ? '' : ` -i ${quoteIfNeeded(builder.host || builder.uri)}`;
    return `nix-remote-builder-doctor check -t ${quoteIfNeeded(id)}${host} -vvv`;
  }

  private sourceOfFact(name: string): { by?: string | undefined; unmeasured?: string | undefined } {
    const source = this.input.suite.scenarios.find(({ capture }) => Object.hasOwn(capture, name));
    return { by: source?.id, unmeasured: source?.capture[name]?.unmeasured };
  }

  private waiverOf({ id }: Scenario): NonNullable<ReportCheck['waived']> | null {
    const { builder } = this.subject;
    const found = this.input.suite.waivers?.find(
      (waiver) =>
        isCalled(id, waiver.scenario) &&
        (waiver.builder === undefined || (builder !== undefined && isNamedLike(builder, waiver.builder))),
    );
    if (found === undefined) return null;
    const { reason, until } = found;
    return { reason, ...(until === undefined ? {} : { until }) };
  }

  private context({ eachValues }: Scenario): Context {
    const { subject } = this;
    const { client } = this.shared;
    return {
      client: (client.known ??= clientContext(this.input.client.view)),
      facts: { ...client.facts, ...subject.facts },
      vars: this.input.suite.vars,
      ...(eachValues === undefined ? {} : { each: eachValues }),
      ...(subject.builder === undefined
        ? {}
        : { builder: (subject.known ??= builderContext(subject.builder)) }),
    };
  }
}

/** Scenarios that run a command on the builder, or need one of the stage `network` to pass: these hold a login slot. */
function scenariosThatLogIn(scenarios: readonly Scenario[]): Set<string> {
  const found = new Set<string>();
  const network = new Set(scenarios.filter(({ stage }) => stage === 'network').map(({ id }) => id));
  for (const { id, target, needs } of scenarios) {
    if (network.has(id)) continue;
    if (target === 'builder' || needs.some((need) => network.has(need) || found.has(need))) found.add(id);
  }
  return found;
}
