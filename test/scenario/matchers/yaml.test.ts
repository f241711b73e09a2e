import t from 'tap';
import { match } from '../../../src/scenario/matchers/index.ts';
import type { Json } from '../../../src/scenario/observation.ts';
import { wordMismatch } from '../../../src/scenario/words.ts';

function words(text: Json, operand: Json): string[] {
  return match(text, { yaml: operand }, 'stdout').map(wordMismatch);
}

const text = 'services:\n  - {name: a, enabled: true}\n  - {name: b, enabled: false}\nversion: 3\n';

t.test('yaml looks into a document with JSON pointers', (t) => {
  t.same(
    words(text, { '/version': { atLeast: 3 }, '/services/0/name': 'a', '/services': { length: 2 } }),
    [],
  );
  t.same(words(text, { '/services/*/enabled': true }), [
    'stdout#/services/1/enabled is false, expected true',
  ]);
  t.same(words(text, { '/services/*/name': { oneOf: ['a', 'b'] } }), []);
  t.same(words(text, { '/none/*/name': 'a' }), ['there is no stdout#/none/*/name, expected "a"']);
  t.end();
});

t.test('what is not YAML says so', (t) => {
  for (const bad of ['a: [', 'a: b: c', 'a\n---\nb\n', 'x: *y'])
    t.match(
      words(bad, { '/a': 1 }),
      [/, which is not one document of YAML; expected YAML with \{"\/a":1\}$/],
      bad,
    );
  t.same(words(5, { '/a': 1 }), ['there is no stdout#/a, expected 1']);
  t.end();
});

t.test('hostile YAML neither throws nor takes long', (t) => {
  const started = performance.now();
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghi'
    .split('')
    .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
    .join('\n')}\n`;
  for (const hostile of [
    bomb,
    '[\n'.repeat(20_000),
    '&a [*a, *a]',
    '&a {b: *a}',
    `"${'x'.repeat(2e5)}"`,
    '\0',
    '!!js/function a',
  ])
    t.not(words(hostile, { '/b': 1 }).length, 0, hostile.slice(0, 20));
  t.same(words('__proto__: {a: 1}', { '/a': 1 }), ['there is no stdout#/a, expected 1']);
  t.same(words('__proto__: {a: 1}', { '/__proto__/a': 1 }), [], 'a key as any other');
  t.ok(performance.now() - started < 10_000);
  t.end();
});
