import { readFileSync } from 'node:fs';
import t from 'tap';
import { exampleBuilder, exampleClient } from '../../src/scenario/known-names.ts';
import { exampleContext, observationOf } from '../../src/scenario/examples.ts';
import { judge } from '../../src/scenario/judge.ts';
import { problemOf } from '../faults/messages.ts';
import { type Recorded, readRecorded, recordedFile, scenariosById } from '../recorded/recorded.ts';

const suite = await scenariosById();
const recordings = [...readRecorded()].flatMap(([scenario, all]) => all.map((one) => ({ scenario, ...one })));

function contextOf({ builder, client, facts }: Recorded): Parameters<typeof judge>[2] {
  return {
    builder: { ...exampleBuilder, ...builder },
    client: { ...exampleClient, ...client },
    ...{ facts, vars: {} },
  };
}

t.test('what real builders said leads to the cause of the fault, in every version of Nix', (t) => {
  for (const recorded of recordings) {
    const { scenario: id, fault, cause, observation } = recorded;
    const scenario = suite.get(id);
    if (scenario === undefined) {
      t.fail(`there is no scenario ${id}`);
      continue;
    }
    const got = judge(scenario, observation, contextOf(recorded));
    t.equal(
      got.cause ?? got.advice?.cause,
      cause,
      `${id}: ${fault} (${recorded.nix.map(({ builder }) => builder).join(', ')})`,
    );
    t.equal(problemOf(got.message), null, `${id}: ${fault}`);
  }
  t.end();
});

t.test('an example is matched by a hint of its own cause, and by no earlier one', (t) => {
  for (const scenario of suite.values()) {
    const first = new Set<unknown>();
    for (const example of scenario.examples) {
      const { cause, advice, hint } = judge(scenario, observationOf(example), exampleContext(example));
      t.equal(cause ?? advice?.cause, example.cause, `${scenario.id}: ${JSON.stringify(example)}`);
      first.add(hint);
    }
    for (const [index, hint] of scenario.hint.entries())
      t.ok(first.has(hint), `${scenario.id}: an example is for hint ${index + 1}, ${hint.cause ?? ''}`);
  }
  t.end();
});

t.test('there are enough recordings, and they hold nothing of the machine that made them', (t) => {
  const count = recordings.reduce((sum, { nix }) => sum + nix.length, 0);
  t.ok(count >= 200, `${count} recordings`);
  let bytes = 0;
  for (const scenario of readRecorded().keys()) {
    const text = readFileSync(recordedFile(`${scenario}.json`), 'utf8');
    bytes += text.length;
    t.notMatch(
      text,
      /BEGIN [A-Z ]*PRIVATE KEY|node_modules|\/home\/(?!(nix|alice)\/)|\/work\/|nrbd-/,
      scenario,
    );
  }
  t.ok(bytes < 1_000_000, `${bytes} bytes`);
  t.end();
});
