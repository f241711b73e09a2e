import t from 'tap';
import { exampleContext, observationOf } from '../../src/scenario/examples.ts';
import { applies } from '../../src/scenario/applies.ts';
import { judge } from '../../src/scenario/judge.ts';
import type { Json } from '../../src/scenario/observation.ts';
import { problemOf } from '../faults/messages.ts';
import { defaultSuite } from './default-suite.ts';

const suite = await defaultSuite();

t.test('every check of the default suite has a hint for whatever else it sees', (t) => {
  for (const { id, hint } of suite) {
    const last = hint.at(-1);
    t.ok(last !== undefined && last.when === undefined, `${id}: its last hint has no condition`);
  }
  t.end();
});

t.test('what could not be measured is said in words of the suite', (t) => {
  for (const { id, inconclusive, hint } of suite) {
    if (inconclusive === undefined) continue;
    const explains = hint.some(({ when }) =>
      /inconclusive|"matches":"\."/.test(JSON.stringify(when?.['error'] ?? null)),
    );
    t.ok(explains, `${id}: a hint is for the error "inconclusive"`);
  }
  t.end();
});

t.test('no hint loses its words where a value is missing', (t) => {
  for (const scenario of suite) {
    const lost = judge(
      scenario,
      {},
      exampleContext(scenario.examples.find(({ facts }) => facts !== undefined)),
    );
    t.equal(problemOf(lost.message), null, scenario.id);
  }
  t.end();
});

t.test('no message of an example is longer than 400 characters or a default text', (t) => {
  for (const scenario of suite)
    for (const example of scenario.examples) {
      const { message, outcome } = judge(scenario, observationOf(example), exampleContext(example));
      if (outcome !== 'pass') t.equal(problemOf(message), null, scenario.id);
    }
  t.end();
});

/** What a condition may find. */
const values: readonly Json[] = [false, true, '', 'x', 'local?remote-store=y', 0, []];

t.test('a check of the default suite that does not apply says why in a sentence', (t) => {
  for (const { id, when = {}, otherwise } of suite)
    for (const [key, wanted] of Object.entries(when)) {
      const [root = '', name = ''] = key.split('.');
      const unmeasured = suite.some(({ capture }) => capture[name]?.unmeasured !== undefined);
      const reasons = values
        .filter((value) => !(root === 'facts' && value === false && unmeasured))
        .map((value) =>
          applies(
            { when: { [key]: wanted }, ...(otherwise && { otherwise }) },
            { ...exampleContext(undefined), [root]: { [name]: value } },
          ),
        )
        // A value of another type than the key's is none that is found.
        .filter((answer) => !answer.applies && (wanted !== true || answer.actual === false))
        .map((answer) => (answer.applies ? '' : answer.reason));
      t.ok(reasons.length > 0 || unmeasured, `${id}: ${key} can be missed`);
      for (const reason of reasons) t.equal(problemOf(reason), null, `${id}: ${reason}`);
    }
  t.end();
});

t.test('a long or a default text is found out', (t) => {
  t.match(problemOf('exitCode is 100, expected 0'), /expectation/);
  t.match(problemOf('value.answered is false, expected true'), /expectation/);
  t.match(problemOf('there is no value.user, expected something'), /expectation/);
  t.match(problemOf('a'.repeat(401)), /401 characters/);
  t.match(problemOf('does not apply: builder.usesSsh is false, expected true'), /expectation/);
  t.equal(problemOf('The disk of alpha is full.'), null);
  t.end();
});
