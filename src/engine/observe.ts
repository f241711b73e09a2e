import { type Probe, type ProbeContext } from '../probes/probe.ts';
import type { ScenarioStep } from '../generated/types.ts';
import type { Json, Observation } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Context } from '../scenario/template/context.ts';
import { renderCommand, renderText, renderValue } from '../scenario/template/render.ts';
import { surrounded } from './command-environment.ts';
import { type Command, type Transport, TransportError } from '../transport/transport.ts';
import { CannotObserve } from '../support/cannot-observe.ts';

/** What to observe, with every template rendered. */
export type ObservationRequest =
  | { kind: 'command'; target: 'client' | 'builder'; command: Command; stdin?: string }
  | { kind: 'probe'; target: 'client' | 'builder'; probe: string; parameters: Record<string, Json> };

/** Renders the scenario's templates. Throws `TemplateError` for a value that is missing. */
export function requestOf(scenario: Scenario, context: Context): ObservationRequest {
  const { target } = scenario;
  if (scenario.probe !== undefined) {
    const parameters = renderValue(scenario.with ?? {}, context) as Record<string, Json>;
    return { kind: 'probe', target, probe: scenario.probe, parameters };
  }
  if (scenario.command === undefined)
    throw new Error(`scenario ${scenario.id} has neither command nor probe`);
  const command = surrounded(scenario, renderCommand(scenario.command, context), context);
  const { stdin } = scenario;
  return {
    kind: 'command',
    target,
    command,
    ...(stdin === undefined ? {} : { stdin: renderText(stdin, context) }),
  };
}

/** The commands of `setup` and `cleanup`. Throws as {@link requestOf}. */
export function stepsOf(steps: readonly ScenarioStep[], context: Context): ObservationRequest[] {
  return steps.map(({ on, command }) => ({
    kind: 'command',
    target: on,
    command: renderCommand(command, context),
  }));
}

export interface ObserveOptions {
  probes: ReadonlyMap<string, Probe>;
  context: Omit<ProbeContext, 'timeoutMs' | 'signal'>;
  timeoutMs: number;
  signal: AbortSignal;
  /** Of a command: as in a scenario. */
  quick: boolean;
}

/** A probe ends within its own timeout. The run waits this much longer for one that does not. */
const graceMs = 5_000;

/** Observes. Never throws for what a broken machine can do: why nothing was observed is in `error`. */
export async function observe(request: ObservationRequest, options: ObserveOptions): Promise<Observation> {
  const started = performance.now();
  if (isOver(options)) return interrupted(options, started);
  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs + graceMs)]);
  try {
    const seen = await Promise.race([
      look(request, { ...options, signal: deadline }),
      rejectWhenAborted(deadline),
    ]);
    // The result of a command that we killed says nothing about the machine.
    return isOver(options) ? interrupted(options, started) : seen;
  } catch (error) {
    if (isOver(options)) return interrupted(options, started);
    const durationMs = performance.now() - started;
    if (error instanceof CannotObserve) return failed(error.code, error.message, durationMs);
    if (error instanceof TransportError) return failed(error.phase, error.message, durationMs);
    if (deadline.aborted)
      return failed('timeout', `no result after ${options.timeoutMs + graceMs} ms`, durationMs);
    // A bug of this program: shown whole, and the other checks go on.
    return failed(
      'internal',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
      durationMs,
    );
  }
}

async function look(request: ObservationRequest, options: ObserveOptions): Promise<Observation> {
  const { timeoutMs, signal, quick } = options;
  if (request.kind === 'probe') {
    const probe = options.probes.get(request.probe);
    if (probe === undefined)
      throw new CannotObserve('unknown-probe', `there is no probe called ${request.probe}`);
    const started = performance.now();
    const observation = await probe.observe(request.parameters, { ...options.context, timeoutMs, signal });
    return { durationMs: performance.now() - started, ...observation };
  }
  const transport = await transportOf(request.target, options);
  const { command, stdin } = request;
  const given = stdin === undefined ? { quick } : { stdin };
  return { ...(await transport.run(command, { timeoutMs, signal, ...given })) };
}

function transportOf(
  target: 'client' | 'builder',
  { context, signal }: ObserveOptions,
): Promise<Transport> | Transport {
  if (target === 'client') return context.clientTransport;
  if (context.ssh === undefined) {
    throw new CannotObserve('no-ssh', 'this entry is not reached by ssh, so no command can be run on it');
  }
  return context.ssh.transport(signal);
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => {
      // Some time, so that what was cancelled can report how it ended.
      setTimeout(() => reject(new Error('aborted')), 2_500).unref();
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

function isOver({ signal }: ObserveOptions): boolean {
  return signal.aborted;
}

function interrupted({ signal }: ObserveOptions, started: number): Observation {
  const reason: unknown = signal.reason;
  const isNamed = reason instanceof Error && reason.name !== 'AbortError';
  const message = isNamed ? reason.message : 'the run was interrupted';
  return failed('interrupted', message, performance.now() - started);
}

function failed(code: string, message: string, durationMs: number): Observation {
  return { error: { code, message }, durationMs };
}
