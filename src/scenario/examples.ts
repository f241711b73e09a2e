import type { ScenarioExample } from '../generated/types.ts';
import { judge } from './judge.ts';
import { exampleBuilder, exampleClient } from './known-names.ts';
import type { Observation } from './observation.ts';
import { type Problem, sortProblems } from './problem.ts';
import type { Each, EachValue, Scenario } from './scenario.ts';
import type { Context } from './template/context.ts';

/** Judges the scenario's examples: each must come out as it says, and each cause must be proven by one. */
export function checkExamples(scenario: Scenario): Problem[] {
  const problems: Problem[] = [];
  const add = (path: readonly (string | number)[], code: string, what: string, fix: string): void => {
    problems.push({
      severity: 'error',
      code,
      file: scenario.source.file,
      ...scenario.source.at(path),
      what,
      fix,
    });
  };
  const reached = new Set<unknown>();
  const wrong = new Set<ScenarioExample>();
  scenario.examples.forEach((example, index) => {
    const wanted = wantedOutcome(scenario, example);
    const got = judge(scenario, observationOf(example), exampleContext(example, scenario.each));
    const cause = got.cause ?? got.advice?.cause;
    reached.add(got.hint);
    if (got.outcome !== wanted || cause !== example.cause) wrong.add(example);
    if (got.outcome !== wanted) {
      add(
        ['examples', index],
        'example-outcome',
        `this example comes out as ${got.outcome}, not ${wanted}: ${got.message}`,
        'correct the example, the expectation or the hints',
      );
    } else if (cause !== example.cause) {
      add(
        ['examples', index],
        'example-cause',
        `this example is explained by ${cause ?? 'no cause'}, not ${example.cause ?? 'no cause'}`,
        'correct the example, or the order of the hints',
      );
    }
  });
  if (
    scenario.examples.length > 0 &&
    !scenario.examples.some(
      (example) => wantedOutcome(scenario, example) === 'pass' && example.cause === undefined,
    )
  ) {
    add(
      ['examples'],
      'no-passing-example',
      'no example passes',
      'add an observation that is as it should be',
    );
  }
  scenario.hint.forEach((hint, index) => {
    if (hint.cause === undefined || scenario.examples.length === 0) return;
    // One that names it and comes out otherwise is a problem of its own.
    const naming = scenario.examples.filter(({ cause }) => cause === hint.cause);
    if (naming.length > 0 && (reached.has(hint) || naming.some((example) => wrong.has(example)))) return;
    add(
      ['hint', index, 'cause'],
      'cause-without-example',
      `no example proves the cause "${hint.cause}"${scenario.hint.some(({ cause }, other) => other !== index && cause === hint.cause) ? ' by this hint' : ''}`,
      `add an example with cause: ${hint.cause}`,
    );
  });
  return sortProblems(problems);
}

const missedOutcome = { error: 'fail', warning: 'warn', advice: 'pass' } as const;

function wantedOutcome({ severity }: Scenario, { outcome, cause, error }: ScenarioExample): string {
  if (outcome !== undefined) return outcome;
  if (error !== undefined) return 'error';
  return cause === undefined ? 'pass' : missedOutcome[severity];
}

/** The time of an example that gives none, so that `lint` finds the same every day. */
const exampleTime = '2026-01-01T00:00:00Z';

/** What an example says was seen. */
export function observationOf({
  outcome: _o,
  cause: _c,
  builder: _b,
  client: _l,
  facts: _f,
  vars: _v,
  each: _e,
  ...seen
}: ScenarioExample): Observation {
  return { at: exampleTime, ...seen } as Observation;
}

/** What templates know while an example is judged; without one, of a plain builder and client. */
export function exampleContext(
  { builder, client, facts, vars, each }: ScenarioExample = {},
  lists: Each = {},
): Context {
  const first = Object.entries(lists).map(([name, list]): [string, EachValue] => [
    name,
    typeof list === 'string' ? 'example' : (list[0] ?? ''),
  ]);
  return {
    builder: { ...exampleBuilder, ...builder },
    client: { ...exampleClient, ...client },
    facts: facts ?? {},
    vars: vars ?? {},
    each: { ...Object.fromEntries(first), ...each },
    check: { nonce: 'example' },
  };
}
