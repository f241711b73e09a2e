import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { entriesOf, textOf } from '../../src/hook/entries.ts';
import { leftOut, type Seen, silentForMs } from '../../src/hook/leave-out.ts';
import { BuilderStateStore, nameOf } from '../../src/hook/memory.ts';

const read = (text: string): ReturnType<typeof entriesOf> => entriesOf(text, 'x86_64-linux', () => null);
const entries = (text: string): NonNullable<ReturnType<typeof entriesOf>> => read(text) ?? [];
const seed = Number(process.env['SEED'] ?? 1);

/** What happens to a builder, and to what is kept of it, on a clock of its own. */
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('ask' as const), patience: fc.nat({ max: 3000 }) }) },
  fc.record({ does: fc.constant('toggle' as const) }),
  fc.record({
    does: fc.constant('spoil' as const),
    text: fc.constantFrom('', '\0', '12', '9'.repeat(40), '-1', 'x 1'),
  }),
  fc.record({ does: fc.constant('set-clock' as const), by: fc.integer({ min: -100_000, max: 100_000 }) }),
);
const story = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 4000 }), event), {
  maxLength: 25,
});

/** As long as a watcher may go on to believe what it saw. */
const settled = silentForMs;

t.test('in 1000 random states no builder is left out that was up for as long as silence counts', (t) => {
  const builders = entries('ssh://a\nssh://b\nssh://c');
  let left = 0;
  for (const [index, events] of fc.sample(story, { seed, numRuns: 1000 }).entries()) {
    const memory = new BuilderStateStore(t.testdir());
    const upSince = new Map<string, number | null>(['a', 'b', 'c'].map((name) => [name, 0]));
    // What is written later than it was asked: two hooks may overtake each other.
    const pending: { at: number; write: () => void }[] = [];
    let real = 1_000_000;
    let clock = real;
    const advance = (ms: number): void => {
      real += ms;
      clock += ms;
      for (const one of pending.splice(0)) {
        if (one.at <= real) one.write();
        else pending.push(one);
      }
    };
    for (const [name, wait, what] of events) {
      advance(wait);
      const uri = `ssh://${name}`;
      const up = upSince.get(name) ?? null;
      if (what.does === 'toggle') upSince.set(name, up === null ? real : null);
      else if (what.does === 'spoil') writeFileSync(`${memory.folder}/silent-${nameOf(uri)}`, what.text);
      else if (what.does === 'set-clock') clock += what.by;
      else if (up === null) {
        const asked = clock;
        pending.push({ at: real + what.patience, write: () => memory.noteSilent(uri, asked) });
      } else memory.noteAlive(uri, clock, 5);
    }
    const out = leftOut(builders, ({ uri }) => memory.seen(uri), clock).map(({ uri }) => uri);
    left += out.length;
    for (const [name, since] of upSince) {
      const wasSet = events.some(([, , { does }]) => does === 'set-clock');
      if (since !== null && real - since >= settled && !wasSet)
        t.notOk(out.includes(`ssh://${name}`), `${index}: ${name} ${JSON.stringify(events)}`);
    }
    t.ok(out.length < builders.length, 'one is always left');
  }
  t.ok(left > 20, `${left} dead ones were left out, so the test can fail`);
  t.end();
});

t.test('what is left out', (t) => {
  const now = 100_000;
  const out = (text: string, seen: Record<string, Seen>): string[] =>
    leftOut(entries(text), ({ host }) => seen[host] ?? {}, now).map(({ host }) => host);
  const dead = { silent: now - 100 };
  const alive = { alive: now - 100 };
  t.same(out('ssh://a\nssh://b', { a: dead, b: alive }), ['a']);
  t.same(out('ssh://a\nssh://b', { a: dead, b: dead }), [], 'no other answers');
  t.same(out('ssh://a\nssh://b', { a: dead }), [], 'of the other nothing is known');
  t.same(out('ssh://a\nssh://b', { a: { ...dead, alive: now - 50 }, b: alive }), [], 'it answered since');
  t.same(out('ssh://a\nssh://b', { a: { silent: now + 5 }, b: alive }), [], 'the clock was set back');
  t.same(out('ssh://a\nssh://b', { a: { silent: now - silentForMs }, b: alive }), [], 'too long ago');
  t.same(out('ssh://a aarch64-linux\nssh://b', { a: dead, b: alive }), [], 'nobody else has its system');
  t.same(out('ssh://a - - 1 1 kvm\nssh://b', { a: dead, b: alive }), [], 'nobody else has its feature');
  t.same(
    out('ssh://a\nssh://b - - 1 1 - big', { a: dead, b: alive }),
    [],
    'the other takes only some builds',
  );
  t.same(out('ssh://a\nssh://b - - 0', { a: dead, b: alive }), [], 'the other takes none');
  t.end();
});

t.test('a text is changed only where every version of Nix reads it alike', (t) => {
  t.equal(
    textOf(entries('ssh://a  x86_64-linux # words\n\n ssh://b\t- ;ssh://c')),
    'ssh://a x86_64-linux\nssh://b -\nssh://c',
  );
  t.equal(read('ssh://a - - lots'), null);
  t.equal(read('ssh://a # one ; ssh://b'), null);
  t.end();
});
