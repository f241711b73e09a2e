import t from 'tap';
import { match, matchers } from '../../../src/scenario/matchers/index.ts';
import type { Json } from '../../../src/scenario/observation.ts';
import { wordMismatch } from '../../../src/scenario/words.ts';

const df = `Filesystem  1K-blocks  Avail Use% Mounted on
/dev/sda1     1000000 500000  50% /

/dev/sdb1     9000000   1000  99% /nix
`;

function words(operand: Json, text: Json = df): string[] {
  return match(text, { columns: operand }, 'stdout').map(wordMismatch);
}

t.test('columns selects rows and requires something of each', (t) => {
  t.same(words({ where: { Mounted: '/' }, each: { Avail: { atLeast: 400_000 } } }), []);
  t.same(words({ each: { Filesystem: { startsWith: '/dev/' } }, rows: 2 }), []);
  t.same(words({ where: { Mounted: '/nix' }, each: { Avail: { atLeast: 4000 } } }), [
    'column Avail in line 4 of stdout is "1000", expected at least 4000',
  ]);
  t.end();
});

t.test('no row is no success, unless none is expected', (t) => {
  t.same(words({ where: { Mounted: '/tmp' }, each: { Avail: { atLeast: 1 } } }), [
    'number of matching rows in stdout is 0, expected at least 1',
  ]);
  t.same(words({ where: { Mounted: '/tmp' }, rows: 0 }), []);
  t.same(words({ rows: { atMost: 1 } }), ['number of rows in stdout is 2, expected at most 1']);
  t.same(words({ rows: 0 }, ''), []);
  t.end();
});

t.test('a column that is not there is named, with those that are', (t) => {
  t.same(words({ where: { Mount: '/' } }), [
    'stdout has no column "Mount": its columns are "Filesystem", "1K-blocks", "Avail", "Use%", "Mounted", "on"',
  ]);
  t.same(words({ each: { a: '1' } }, ''), ['stdout has no column "a": its columns are none']);
  t.match(words({ each: { ['__proto__']: 'x' } }), [/has no column "__proto__"/]);
  t.same(words({ each: { b: '2' } }, 'a b\n1\n'), ['there is no column b in line 2 of stdout, expected "2"']);
  t.end();
});

t.test('the last column takes the rest of the line, and columns without names have numbers', (t) => {
  t.same(
    words({ where: { CMD: 'nix-daemon --daemon' }, each: { PID: '7' } }, 'PID CMD\n7 nix-daemon  --daemon\n'),
    [],
  );
  t.same(words({ header: false, where: { 1: 'alpha' }, each: { 2: 'up' } }, 'alpha up 3\nbeta down 4\n'), []);
  t.match(words({ header: false, where: { 4: 'x' } }, 'alpha up 3\n'), [/its columns are "1", "2", "3"$/]);
  t.end();
});

t.test('what is not a text is no table', (t) => {
  t.same(words({ rows: 1 }, 5), ['stdout is 5, which is not a text; expected a table']);
  t.equal(
    match(undefined, { columns: { rows: 1 } }, 'stdout').map(wordMismatch)[0],
    'there is no stdout, expected a table',
  );
  t.end();
});

t.test('an operand that asserts nothing or has another key is refused', (t) => {
  const problem = (operand: Json): unknown => matchers.get('columns')?.operandProblem?.(operand);
  for (const operand of ['a', {}, { header: true }, { were: {} }, { where: 'a' }, { rows: 1, header: 'no' }])
    t.type(problem(operand), 'string', JSON.stringify(operand));
  t.equal(problem({ where: { a: 'b' } }), null);
  t.end();
});

t.test('a huge table is judged at once', (t) => {
  const started = performance.now();
  t.equal(words({ each: { a: 'x' } }, `a b\n${'y z\n'.repeat(100_000)}`).length, 1, 'one row is reported');
  t.ok(performance.now() - started < 5000);
  t.end();
});
