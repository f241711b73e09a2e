import { randomBytes } from 'node:crypto';
import type { ReportCheck } from '../generated/report.ts';
import { errorLines } from '../scenario/error-lines.ts';
import { applies, type NotApplied } from '../scenario/applies.ts';
import type { Judgement } from '../scenario/judgement.ts';
import { judge, mayPassYet } from '../scenario/judge.ts';
import type { Observation } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Context } from '../scenario/template/context.ts';
import { TemplateError } from '../scenario/template/template-error.ts';
import { describeObservation } from './describe.ts';
import { barrierOf, type Ending } from './blocked.ts';
import { type ObservationRequest, requestOf, stepsOf } from './observe.ts';
import { notMeasured, doesNotApply } from '../support/cannot-observe.ts';

/** One scenario applied to one builder, or once to the client. */
export interface CheckInput {
  scenario: Scenario;
  /** The results of the checks that this one needs. */
  needs: ReportCheck[];
  /** Which scenario captures the fact, and its `unmeasured` text: why checks on a false fact could not be measured. */
  factSource: (name: string) => { by?: string | undefined; unmeasured?: string | undefined };
  /** The names that templates can use. Called only when a template is rendered. */
  context: () => Context;
  /** Why the check is skipped although it was selected (`--read-only`), or null. */
  leftOut: string | null;
  /** The waiver of this check, or null. */
  waived: NonNullable<ReportCheck['waived']> | null;
  /** Start of the run, in milliseconds of `performance.now()`. */
  runStarted: number;
  actions: CheckActions;
}

/** What a check does to the outside. */
export interface CheckActions {
  /** `fresh`: make the request again although its answer is known. */
  observe: (request: ObservationRequest, fresh: boolean, nonce: string) => Promise<Observation>;
  /** Like `observe`, but also after an interrupt. The result is not judged. */
  cleanUp: (request: ObservationRequest) => Promise<unknown>;
  /** A command that shows the same observation when it is typed. */
  reproduce: (request: ObservationRequest, observation: Observation) => Promise<string>;
  delay: (ms: number) => Promise<void>;
}

/** The check as the report has it, and the facts that it captured. */
export interface CheckResult {
  check: ReportCheck;
  facts: Judgement['captures'];
}

/** Makes one check. Throws only on bugs of this program. */
export async function runScenario(input: CheckInput): Promise<CheckResult> {
  const { scenario } = input;
  const started = performance.now();
  const done = (rest: Pick<ReportCheck, 'outcome' | 'message'> & Partial<ReportCheck>): ReportCheck => ({
    scenario: scenario.id,
    title: scenario.title,
    stage: scenario.stage,
    ...(scenario.tags.length === 0 ? {} : { tags: scenario.tags }),
    durationMs: Math.round(performance.now() - started),
    startedMs: Math.max(0, Math.round(started - input.runStarted)),
    ...rest,
    source: { file: scenario.source.file, line: scenario.source.line },
  });
  const without = (check: ReportCheck): CheckResult => ({ check, facts: {} });

  const barrier = barrierOf(input.needs);
  if (barrier !== null) return without(done(barrier));
  if (input.leftOut !== null) return without(done({ outcome: 'skip', message: input.leftOut }));
  const known = input.context();
  const answer = applies(scenario, known);
  if (!answer.applies) return without(done(notApplied(answer, input)));

  for (let attempt = 1; ; attempt += 1) {
    const nonce = randomBytes(8).toString('hex');
    const context = { ...known, check: { nonce } };
    let request: ObservationRequest;
    let setups: ObservationRequest[];
    let cleanups: ObservationRequest[];
    try {
      request = requestOf(scenario, context);
      setups = stepsOf(scenario.setup, context);
      cleanups = stepsOf(scenario.cleanup, context);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return without(done({ outcome: 'error', message: `could not be asked: ${error.message}` }));
    }
    const observation =
      (await setUp(setups, input, nonce)) ?? (await input.actions.observe(request, attempt > 1, nonce));
    await Promise.all(
      (['client', 'builder'] as const).map(async (target) => {
        for (const cleanup of cleanups) if (cleanup.target === target) await input.actions.cleanUp(cleanup);
      }),
    );
    if (observation.error?.code === notMeasured) return without(done(unmeasured(observation.error.message)));
    if (observation.error?.code === doesNotApply)
      return without(done({ outcome: 'skip', message: observation.error.message }));
    const judgement = judge(scenario, observation, context);
    const again =
      attempt < scenario.retry.attempts &&
      judgement.outcome !== 'pass' &&
      observation.error?.code !== 'interrupted' &&
      mayPassYet(scenario, observation, context);
    if (again) {
      await input.actions.delay(scenario.retry.delayMs);
      continue;
    }
    const check = done({
      ...reportOf(judgement),
      ...(attempt > 1 ? { attempts: attempt } : {}),
      ...(judgement.outcome === 'pass' || observation.error?.code === 'interrupted'
        ? {}
        : { byHand: await input.actions.reproduce(request, observation) }),
      observation: describeObservation(request, observation),
    });
    const excuse = judgement.outcome === 'pass' ? null : input.waived;
    if (input.waived !== null) delete check.advice;
    return { check: excuse === null ? check : waive(check, excuse), facts: judgement.captures };
  }
}

/** Runs the `setup` steps. Null where all succeeded; else an observation with the error. */
async function setUp(
  steps: readonly ObservationRequest[],
  { actions }: CheckInput,
  nonce: string,
): Promise<Observation | null> {
  for (const step of steps) {
    const { error, exitCode, stdout = '', stderr = '', ...rest } = await actions.observe(step, true, nonce);
    if (error === undefined && exitCode === 0) continue;
    const words =
      error?.message ?? (errorLines(stderr) || errorLines(stdout) || `status ${exitCode ?? 'none'}`);
    const message = `could not be set up on the ${step.target}: ${words}`;
    return { error: { code: error?.code ?? 'setup-failed', message }, ...rest };
  }
  return null;
}

/** Why `when` did not match. A condition on an unknown fact is an error where the check that captures it did run. */
function notApplied(
  { reason, key, actual }: NotApplied,
  { needs, scenario, factSource }: CheckInput,
): Ending {
  const [root, fact = ''] = key.split('.');
  if (root !== 'facts') return { outcome: 'skip', message: reason };
  const source = factSource(fact);
  if (actual === undefined) {
    const wasLeftOut =
      source.by === undefined ||
      needs.length < scenario.needs.length ||
      needs.some(({ outcome }) => outcome === 'skip');
    const teller = source.by === undefined ? 'a check that it needs' : `the check ${source.by}`;
    return wasLeftOut
      ? unmeasured(`${teller} was left out`)
      : { outcome: 'error', message: `could not be measured: ${teller} does not tell` };
  }
  const why = actual === false ? source.unmeasured : undefined;
  return why === undefined ? { outcome: 'skip', message: reason } : unmeasured(why);
}

function unmeasured(reason: string): Ending {
  return { outcome: 'skip', message: `could not be measured: ${reason}`, unmeasured: reason };
}

function waive(check: ReportCheck, waived: NonNullable<ReportCheck['waived']>): ReportCheck {
  const until = waived.until === undefined ? '' : ` until ${waived.until}`;
  const message = `waived${until}: ${waived.reason} (${check.outcome}: ${check.message})`;
  return { ...check, outcome: 'skip', message, waived };
}

function reportOf({
  outcome,
  message,
  cause,
  fix,
  see,
  advice,
  mismatches,
}: Judgement): Pick<ReportCheck, 'outcome' | 'message'> & Partial<ReportCheck> {
  return {
    outcome,
    message,
    ...(cause === undefined ? {} : { cause }),
    ...(outcome === 'pass' ? {} : { fix }),
    ...(see === undefined ? {} : { see }),
    ...(advice === undefined ? {} : { advice }),
    ...(mismatches.length === 0 ? {} : { mismatches }),
  };
}
