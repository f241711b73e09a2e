import { capture } from './capture.ts';
import { unmet } from './condition.ts';
import { errorLines } from './error-lines.ts';
import { advise, explain } from './explain.ts';
import { holds } from './holds.ts';
import type { Judgement } from './judgement.ts';
import type { Observation } from './observation.ts';
import { renderOr } from './render-or.ts';
import type { Expectation, Scenario } from './scenario.ts';
import type { Context } from './template/context.ts';
import { renderText, renderValue } from './template/render.ts';

/** Judges what was seen against the scenario's expectation, and explains a miss with the first hint that matches. */
export function judge(scenario: Scenario, observation: Observation, context: Context): Judgement {
  if (observation.error !== undefined) return explain(scenario, observation, context, [], 'error');
  if (scenario.inconclusive !== undefined && holds(scenario.inconclusive, observation, context)) {
    const { stdout = '', stderr = '', timedOut } = observation;
    const words =
      errorLines(stderr) || errorLines(stdout) || (timedOut === true ? 'no answer in time' : 'no answer');
    const error = { code: 'inconclusive', message: `could not be measured: ${words}` };
    return explain(scenario, { ...observation, error }, context, [], 'error');
  }
  const missed = unmet(renderValue(scenario.expect, context) as Expectation, { observation, context });
  const { captures, lost } = capture(scenario, observation);
  const mismatches = [...missed, ...(missed.length === 0 ? lost : [])];
  if (mismatches.length > 0) {
    if (scenario.severity === 'advice')
      return advise(explain(scenario, observation, context, mismatches, 'warn'), captures);
    return explain(
      scenario,
      observation,
      context,
      mismatches,
      scenario.severity === 'warning' ? 'warn' : 'fail',
    );
  }
  const known = { ...context, facts: { ...context.facts, ...captures } };
  const message =
    scenario.says === undefined
      ? scenario.title
      : renderOr(() => renderText(scenario.says ?? '', known), scenario.title);
  return { outcome: 'pass', message, fix: [], mismatches: [], captures };
}

/** Whether what was missed is worth another try. */
export function mayPassYet({ retry }: Scenario, observation: Observation, context: Context): boolean {
  return retry.when === undefined || holds(retry.when, observation, context);
}
