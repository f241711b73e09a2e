import type { CheckAdvice, FixStep } from '../generated/types.ts';
import { unmet } from './condition.ts';
import { errorLines, shorten } from './error-lines.ts';
import type { Mismatch } from './matchers/matcher.ts';
import type { Json, Observation } from './observation.ts';
import { falseInWords } from './known-names.ts';
import { pointTo } from './pointer.ts';
import { firstGroup } from './regex.ts';
import type { Expectation, Hint, Scenario } from './scenario.ts';
import { type Context, renderFixRun, renderText, renderValue, TemplateError } from './template.ts';
import { wordMismatch } from './words.ts';

/** A mismatch with its wording, as the report keeps it. */
export interface WordedMismatch {
  path: string;
  matcher: string;
  message: string;
  expected: Json;
  actual?: Json;
  /** Of a snapshot. */
  file?: string;
}

/** Of one value in the sentence of a hint, so that two of them and the words fit into 400. Characters. */
const longestValue = 150;

/** What an observation amounts to. */
export interface Judgement {
  outcome: 'pass' | 'warn' | 'fail' | 'error';
  message: string;
  cause?: string;
  /** The hint that explains it. */
  hint?: Hint;
  fix: FixStep[];
  see?: string;
  /** What a check of severity advice found; it passes all the same. */
  advice?: CheckAdvice;
  mismatches: WordedMismatch[];
  /** Facts for the scenarios that need this one; none unless it passed. */
  captures: Record<string, Json>;
}

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
      : tryRender(() => renderText(scenario.says ?? '', known), scenario.title);
  return { outcome: 'pass', message, fix: [], mismatches: [], captures };
}

/** Whether what was missed is worth another try. */
export function mayPassYet({ retry }: Scenario, observation: Observation, context: Context): boolean {
  return retry.when === undefined || holds(retry.when, observation, context);
}

function holds(condition: Expectation, observation: Observation, context: Context): boolean {
  return unmet(renderValue(condition, context) as Expectation, { observation, context }).length === 0;
}

/** Why a scenario does not apply: the first part of its condition that does not hold, and what was there instead. */
export interface NotApplied {
  applies: false;
  reason: string;
  /** A dotted path such as `builder.scheme` or `facts.shell`. */
  key: string;
  actual: Json | undefined;
}

/** Whether a scenario applies to this builder; if not, why. */
export function applies(
  { when = {}, otherwise = {} }: Pick<Scenario, 'when' | 'otherwise'>,
  context: Context,
): { applies: true } | NotApplied {
  const [first] = unmet(renderValue(when, context) as Expectation, { context });
  if (first === undefined) return { applies: true };
  const [root = '', name = ''] = first.path.split('.');
  const isFalse = first.actual === false ? falseInWords[`${root}.${name}`] : undefined;
  return {
    applies: false,
    reason: `does not apply: ${otherwise[first.path] ?? isFalse ?? wordMismatch(first)}`,
    key: first.path,
    actual: first.actual,
  };
}

function capture(
  scenario: Scenario,
  observation: Observation,
): { captures: Record<string, Json>; lost: Mismatch[] } {
  const captures: Record<string, Json> = {};
  const lost: Mismatch[] = [];
  for (const [name, { from, matches, pointer }] of Object.entries(scenario.capture)) {
    const source = observation[from];
    let value: Json | undefined = source;
    if (pointer !== undefined)
      value = pointTo(typeof source === 'string' ? readJson(source) : source, pointer);
    else if (matches !== undefined)
      value = typeof source === 'string' ? (firstGroup(matches, source) ?? undefined) : undefined;
    if (value === undefined)
      lost.push({ path: from, matcher: 'matches', expected: matches ?? pointer ?? '', actual: source });
    else captures[name] = typeof value === 'string' && pointer === undefined ? value.trimEnd() : value;
  }
  return { captures, lost };
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function explain(
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
    message: tryRender(
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
    fix: tryRender(() => hint.fix.map((step) => renderStep(step, known)), []),
    ...(hint.see === undefined ? {} : { see: hint.see }),
    mismatches: worded,
    captures: {},
  };
}

/** A miss that passes: what was found is advice. */
function advise({ message, hint, cause, fix, see }: Judgement, captures: Judgement['captures']): Judgement {
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

function renderStep(step: Hint['fix'][number], context: Context): FixStep {
  const { on, safe, object, says, run, module, edit, ...change } = step;
  const text = (template: string): string => renderText(template, context);
  return {
    on,
    ...(safe === undefined ? {} : { safe }),
    ...(object === undefined ? {} : { object: text(object) }),
    ...(says === undefined ? {} : { says: text(says) }),
    ...(run === undefined ? {} : { run: renderFixRun(run, context).trim() }),
    ...(module === undefined ? {} : { module: renderText(module, context, 'nix') }),
    ...(edit === undefined ? {} : { edit: inEach(edit, text) }),
    ...(Object.keys(change).length === 0 ? {} : { change: inEach(change, text) }),
  };
}

/** Data with its templates filled in. */
function inEach<T>(value: T, text: (template: string) => string): T {
  if (typeof value === 'string') return text(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  // The same keys, and texts stay texts.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inEach(item, text)])) as T;
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

/** A hint whose template lacks a value must not hide the failure that it would explain. */
function tryRender<T>(render: () => T, fallback: T): T {
  try {
    return render();
  } catch (error) {
    if (error instanceof TemplateError) return fallback;
    throw error;
  }
}
