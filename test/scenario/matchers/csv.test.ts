import fc from 'fast-check';
import t from 'tap';
import { match, matchers } from '../../../src/scenario/matchers/index.ts';
import type { Json } from '../../../src/scenario/observation.ts';
import { wordMismatch } from '../../../src/scenario/words.ts';

function words(text: Json, operand: Json): string[] {
  return match(text, { csv: operand }, 'stdout').map(wordMismatch);
}

t.test('csv selects rows and requires something of each', (t) => {
  const text = 'host,jobs,note\r\nalpha,8,"quick, and ""new"""\r\nbeta,2,"two\nlines"\r\ngamma,1,\r\n';
  t.same(
    words(text, { where: { host: 'alpha' }, each: { jobs: { atLeast: 4 }, note: 'quick, and "new"' } }),
    [],
  );
  t.same(words(text, { where: { host: 'beta' }, each: { note: 'two\nlines' } }), []);
  t.same(words(text, { where: { host: 'gamma' }, each: { jobs: { atLeast: 4 } } }), [
    'column jobs in line 5 of stdout is "1", expected at least 4',
  ]);
  t.same(words(text, { where: { host: { oneOf: ['alpha', 'beta'] } }, rows: 2 }), []);
  t.same(words('\uFEFFa;b\n1;2', { separator: ';', each: { a: '1', b: '2' } }), []);
  t.same(words('a,b\n1,2', { header: false, rows: 2, where: { 1: { empty: false } } }), []);
  t.end();
});

t.test('what is not CSV says where', (t) => {
  t.same(words('a,b\n"1,2\n', { rows: 1 }), [
    'stdout is "a,b\\n\\"1,2", which is not CSV: the quote in line 2 is not closed; expected a table',
  ]);
  t.match(words('a\n"1"2\n', { rows: 1 }), [/text follows a quote in line 2/]);
  t.same(words({ a: 1 }, { rows: 1 }), ['stdout is {"a":1}, which is not a text; expected a table']);
  t.end();
});

t.test('a separator is one character', (t) => {
  const problem = (operand: Json): unknown => matchers.get('csv')?.operandProblem?.(operand);
  for (const separator of ['', ';;', '"', '\n', 5, null]) t.type(problem({ rows: 1, separator }), 'string');
  t.equal(problem({ rows: 1, separator: '\t' }), null);
  t.end();
});

t.test('every cell comes back as it was written', (t) => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', '🙂', '_') });
  fc.assert(
    fc.property(cell, cell, (one, two) => {
      const quoted = [one, two].map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
      return (
        match(
          `x,y\n${quoted}\n`,
          { csv: { each: { x: { allOf: [{ equals: one }] }, y: { equals: two } } } },
          's',
        ).length === 0
      );
    }),
  );
  t.end();
});

t.test('no text throws or takes long', (t) => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(words(text, { each: { a: '1' } }))));
  const started = performance.now();
  for (const text of ['"'.repeat(1e6), ','.repeat(1e6), '""\n'.repeat(3e5)]) words(text, { rows: 1 });
  t.ok(performance.now() - started < 10_000);
  t.end();
});
