import { unmet } from './condition.ts';
import { errorLines, shorten } from './error-lines.ts';
import { holds } from './holds.ts';
import type { Judgement } from './judgement.ts';
import type { Mismatch } from './matchers/matcher.ts';
import type { Json, Observation } from './observation.ts';
import { renderFixStep } from './render-fix-step.ts';
import { renderOr } from './render-or.ts';
import type { Hint, Scenario } from './scenario.ts';
import type { Context } from './template/context.ts';
import { renderText } from './template/render.ts';
import { wordMismatch } from './words.ts';

/** Of one value in the sentence of a hint, so that two of them and the words fit into 400. Characters. */
const longestValue = 150;

/** The first hint that matches explains a miss: its sentence, its cause and its steps, filled in. */
export function explain(
  scenario: Scenario,
  observation: Observation,
  context: Context,
  mismatches: Mismatch[],
  outcome: 'warn' | 'fail' | 'error',
): Judgement {
  const hint = findHint(scenario, observation, context, outcome);
  const seen = forHints(observation);
  const known = { ...context, observation: seen };
  const [first] = mismatches;
  const fallback = observation.error?.message ?? (first === undefined ? 'failed' : wordMismatch(first));
  const worded = mismatches.map((one) => ({
    path: one.path,
    matcher: one.matcher,
    message: wordMismatch(one),
    expected: one.expected,
    ...(one.actual === undefined ? {} : { actual: one.actual }),
    ...(one.file === undefined ? {} : { file: one.file }),
  }));
  if (hint === undefined) return { outcome, message: fallback, fix: [], mismatches: worded, captures: {} };
  return {
    outcome,
    message: renderOr(
      () =>
        endOf(
          renderText(hint.says, {
            ...context,
            observation: { ...shortened(seen), errorLines: seen['errorLines'] ?? '' },
          }),
        ),
      withGaps(hint.says, fallback),
    ),
    hint,
    ...(hint.cause === undefined ? {} : { cause: hint.cause }),
    fix: renderOr(() => hint.fix.map((step) => renderFixStep(step, known)), []),
    ...(hint.see === undefined ? {} : { see: hint.see }),
    mismatches: worded,
    captures: {},
  };
}

/** A miss that passes: what was found is advice. */
export function advise(
  { message, hint, cause, fix, see }: Judgement,
  captures: Judgement['captures'],
): Judgement {
  const advice = {
    ...(cause === undefined ? {} : { cause }),
    message,
    fix,
    ...(see === undefined ? {} : { see }),
  };
  return {
    outcome: 'pass',
    message,
    ...(hint === undefined ? {} : { hint }),
    fix: [],
    advice,
    mismatches: [],
    captures,
  };
}

/** What could not be observed has no value and no output, so only a hint that speaks of the error explains it. */
function findHint(
  { hint }: Scenario,
  observation: Observation,
  context: Context,
  outcome: string,
): Hint | undefined {
  return hint.find(({ when }) => {
    if (outcome === 'error')
      return when !== undefined && 'error' in when && unmet(when, { observation, context }).length === 0;
    return when === undefined || holds(when, observation, context);
  });
}

/** Texts without the white space at their ends, so that they fit into a sentence; `errorLines`: what to quote of them. */
function forHints(observation: Observation): Record<string, Json> {
  const { stdout = '', stderr = '' } = observation;
  return {
    ...observation,
    stdout: stdout.trim(),
    stderr: stderr.trim(),
    errorLines: errorLines(stderr) || errorLines(stdout),
  };
}

/** A sentence quotes no more than the start of a long text; the report keeps all of it. */
function shortened<T extends Json>(value: T): T {
  if (typeof value === 'string') return shorten(value, longestValue) as T;
  if (Array.isArray(value)) return value.map(shortened) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortened(item)])) as T;
}

/** Nothing stands after a colon where the output has no words to quote. */
function endOf(sentence: string): string {
  return sentence.trim().replace(/:\s*\.?$/, '.');
}

/** The words of a template whose values are not all there; the fallback where it has no words of its own. */
function withGaps(template: string, fallback: string): string {
  const text = template.replace(/\{\{[#/e][^}]*\}\}/g, '').replace(/\{\{[^}]*\}\}/g, '…');
  return /\p{L}/u.test(text) ? text.trim() : fallback;
}
