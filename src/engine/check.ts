import { randomBytes } from 'node:crypto';
import type { ReportCheck } from '../generated/report.ts';
import { errorLines } from '../scenario/error-lines.ts';
import { applies, type Judgement, judge, mayPassYet, type NotApplied } from '../scenario/judge.ts';
import type { Observation } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type Context, TemplateError } from '../scenario/template.ts';
import { doesNotApply, notMeasured } from '../observe/probe.ts';
import { describeObservation } from './describe.ts';
import { type Request, requestOf, stepsOf } from './observe.ts';

/** One scenario applied to one builder, or once to the client. */
export interface CheckInput {
  scenario: Scenario;
  /** The checks that this one needs, done. */
  needs: ReportCheck[];
  /** Which check of the plan gives the fact, and why what needs it could not be measured where it is false. */
  factSource: (name: string) => { by?: string | undefined; unmeasured?: string | undefined };
  /** What templates know; not asked for where nothing is to be filled in. */
  context: () => Context;
  /** Why it is left out although it was planned (`--read-only`), or null. */
  leftOut: string | null;
  look: (request: Request, fresh: boolean, nonce: string) => Promise<Observation>;
  /** Why the check need not pass, or null. */
  waived: NonNullable<ReportCheck['waived']> | null;
  /** Like `look`, but after an interrupt too. What it saw is not judged. */
  cleanUp: (request: Request) => Promise<unknown>;
  /** A command that shows what was seen, when it is typed. */
  byHand: (request: Request, observation: Observation) => Promise<string>;
  delay: (ms: number) => Promise<void>;
  /** When the run began, in milliseconds of `performance.now()`. */
  runStarted: number;
}

/** The check for the report, and the facts that it captured. */
export interface CheckResult {
  check: ReportCheck;
  facts: Judgement['captures'];
}

/** Makes one check. Throws nothing but our own bugs. */
export async function makeCheck(input: CheckInput): Promise<CheckResult> {
  const { scenario } = input;
  const started = performance.now();
  const done = (rest: Pick<ReportCheck, 'outcome' | 'message'> & Partial<ReportCheck>): ReportCheck => ({
    scenario: scenario.id,
    title: scenario.title,
    stage: scenario.stage,
    durationMs: Math.round(performance.now() - started),
    startedMs: Math.max(0, Math.round(started - input.runStarted)),
    ...rest,
    source: { file: scenario.source.file, line: scenario.source.line },
  });
  const without = (check: ReportCheck): CheckResult => ({ check, facts: {} });

  const excused = input.needs.find(({ waived }) => waived !== undefined);
  if (excused !== undefined) {
    const message = `needs ${excused.scenario}, which is waived`;
    return without(done({ outcome: 'skip', message, ...(excused.waived && { waived: excused.waived }) }));
  }
  const barrier = input.needs.find((need) => !letsPass(need));
  if (barrier !== undefined) {
    const root = barrier.blockedBy ?? barrier.scenario;
    const message = barrier.outcome === 'blocked' ? barrier.message : `waits for ${root}: ${barrier.message}`;
    return without(done({ outcome: 'blocked', blockedBy: root, message }));
  }
  if (input.leftOut !== null) return without(done({ outcome: 'skip', message: input.leftOut }));
  const known = input.context();
  const answer = applies(scenario, known);
  if (!answer.applies) return without(done(notApplied(answer, input)));

  for (let attempt = 1; ; attempt += 1) {
    const nonce = randomBytes(8).toString('hex');
    const context = { ...known, check: { nonce } };
    let request: Request;
    let setups: Request[];
    let cleanups: Request[];
    try {
      request = requestOf(scenario, context);
      setups = stepsOf(scenario.setup, context);
      cleanups = stepsOf(scenario.cleanup, context);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return without(done({ outcome: 'error', message: `could not be asked: ${error.message}` }));
    }
    const observation =
      (await setUp(setups, input, nonce)) ?? (await input.look(request, attempt > 1, nonce));
    await Promise.all(
      (['client', 'builder'] as const).map(async (target) => {
        for (const cleanup of cleanups) if (cleanup.target === target) await input.cleanUp(cleanup);
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
      await input.delay(scenario.retry.delayMs);
      continue;
    }
    const check = done({
      ...reportOf(judgement),
      ...(attempt > 1 ? { attempts: attempt } : {}),
      ...(judgement.outcome === 'pass' || observation.error?.code === 'interrupted'
        ? {}
        : { byHand: await input.byHand(request, observation) }),
      observation: describeObservation(request, observation),
    });
    const excuse = judgement.outcome === 'pass' ? null : input.waived;
    if (input.waived !== null) delete check.advice;
    return { check: excuse === null ? check : waive(check, excuse), facts: judgement.captures };
  }
}

type Ending = Pick<ReportCheck, 'outcome' | 'message'> & Partial<ReportCheck>;

/** Null where every step ended well; else what could not be measured, and why. */
async function setUp(
  steps: readonly Request[],
  { look }: CheckInput,
  nonce: string,
): Promise<Observation | null> {
  for (const step of steps) {
    const { error, exitCode, stdout = '', stderr = '', ...rest } = await look(step, true, nonce);
    if (error === undefined && exitCode === 0) continue;
    const words =
      error?.message ?? (errorLines(stderr) || errorLines(stdout) || `status ${exitCode ?? 'none'}`);
    const message = `could not be set up on the ${step.target}: ${words}`;
    return { error: { code: error?.code ?? 'setup-failed', message }, ...rest };
  }
  return null;
}

/** A condition on a fact that is not known is no answer; an error where the check that gives the fact ran in vain. */
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

/** A need that passed, with or without a warning, or that does not apply, holds nothing up. */
export function letsPass({ outcome }: ReportCheck): boolean {
  return outcome === 'pass' || outcome === 'warn' || outcome === 'skip';
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
