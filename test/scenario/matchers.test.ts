import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { match, matchers } from '../../src/scenario/matchers/index.ts';
import type { Json } from '../../src/scenario/observation.ts';
import { pointTo } from '../../src/scenario/pointer.ts';
import { wordMismatch } from '../../src/scenario/words.ts';

/** When the values of the cases were observed. */
const now = Date.parse('2026-01-01T00:00:00Z');

const snapshots = t.testdir({ kept: 'one\ntwo\n' });

interface Case {
  operand: Json;
  holds: Json[];
  fails: (Json | undefined)[];
  /** The words for the first value that fails. */
  says: string;
  /** A value of a wrong kind, and the words for it. */
  wrongKind?: [Json, string];
}

/** For each matcher: values that hold, values that do not, and the words for the latter. */
const cases: Record<string, Case> = {
  equals: {
    operand: 'a',
    holds: ['a', 'a\n'],
    fails: ['b', 1, null, undefined],
    says: 'x is "b", expected "a"',
  },
  oneOf: {
    operand: ['a', 3, null],
    holds: ['a', 'a\n', 3, null],
    fails: ['b', '3', [], undefined],
    says: 'x is "b", expected one of "a", 3, null',
  },
  startsWith: {
    operand: 'OK ',
    holds: ['OK 1'],
    fails: ['not OK 1', 'ok 1', '', undefined],
    says: 'x is "not OK 1", expected a text that starts with "OK "',
    wrongKind: [5, 'x is 5, expected a text that starts with "OK "'],
  },
  endsWith: {
    operand: 'done',
    holds: ['all done\n', 'done'],
    fails: ['done it', 'done \n', '', undefined],
    says: 'x is "done it", expected a text that ends with "done"',
    wrongKind: [['done'], 'x is ["done"], expected a text that ends with "done"'],
  },
  length: {
    operand: { atMost: 2 },
    holds: ['ab\n', '🙂🙂', [1, 2], ''],
    fails: ['abc', [1, 2, 3], undefined],
    says: 'length of x is 3, expected at most 2',
    wrongKind: [12, 'x is 12, which has no length; expected a text or a list'],
  },
  size: {
    operand: { atLeast: '2GiB', below: '1TiB' },
    holds: [2 ** 31, '2G', '2.5GiB\n', '2200 MB', '3 GB', '2147483648', '1TB'],
    fails: ['1.5G', '2GB', 1, '1 TiB', undefined],
    says: 'x is "1.5G", expected a size of at least 2GiB',
    wrongKind: ['plenty', 'x is "plenty", which is not a size; expected a size of at least 2GiB'],
  },
  duration: {
    operand: { atMost: '1h 30min' },
    holds: ['5400s', '1h30m', '01:30:00', '89:59', '2 ms', 5400, '5400', '12µs', '1 hour, 20 minutes'],
    fails: ['2h', '1-00:00:00', '5401', 5401, undefined],
    says: 'x is "2h", expected a duration of at most 1h 30min',
    wrongKind: ['soon', 'x is "soon", which is not a duration; expected a duration of at most 1h 30min'],
  },
  date: {
    operand: { after: 'now+14d', before: '2100-01-01' },
    holds: [
      '2026-01-15T00:00:01Z',
      'notAfter=Jan  5 12:00:00 2027 GMT\n',
      'Mon Jan  5 12:00:00 UTC 2027',
      'Tue, 05 Jan 2027 12:00:00 GMT',
      '2026-01-14 23:30:00 -0100',
      '1799999999',
      '@1799999999',
      1_799_999_999,
    ],
    fails: ['2026-01-10', '2026-01-15T00:00:00Z', '2026-01-15T01:00:00+02:00', '2100-01-01', 1e9, undefined],
    says: 'x is "2026-01-10", expected a date after 2026-01-15T00:00:00Z (now+14d)',
    wrongKind: [
      'room 5',
      'x is "room 5", which is not a date; expected a date after 2026-01-15T00:00:00Z (now+14d)',
    ],
  },
  ip: {
    operand: { in: ['10.0.0.0/8', 'fe80::/10'] },
    holds: ['10.1.2.3\n', '::ffff:10.0.0.1', 'fe80::1%eth0'],
    fails: ['11.0.0.1', '::1', '10.0.0.0/8', '10.1', '999.1.1.1', '١٠.0.0.1', undefined],
    says: 'x is "11.0.0.1", expected an IP address in 10.0.0.0/8 or fe80::/10',
    wrongKind: [
      'alpha',
      'x is "alpha", which is not an IP address; expected an IP address in 10.0.0.0/8 or fe80::/10',
    ],
  },
  cidr: {
    operand: { contains: '10.1.2.3', in: ['10.0.0.0/8'] },
    holds: ['10.1.0.0/16', '10.0.0.0/8\n'],
    fails: ['10.2.0.0/16', '10.0.0.0/7', '::/0', '10.1.0.0/33', undefined],
    says: 'x is "10.2.0.0/16", expected a network that contains 10.1.2.3 in 10.0.0.0/8',
    wrongKind: [
      '10.1.2.3',
      'x is "10.1.2.3", which is not a network in CIDR notation such as 10.0.0.0/8; expected a network that contains 10.1.2.3 in 10.0.0.0/8',
    ],
  },
  contains: {
    operand: ['a', 'b'],
    holds: ['abc'],
    fails: ['ac', 1, undefined],
    says: 'x lacks "b": it is "ac"',
  },
  matches: {
    operand: '^b$',
    holds: ['b', 'a\nb\nc'],
    fails: ['ab', 5, undefined],
    says: 'x is "ab", expected to match "^b$"',
  },
  empty: {
    operand: true,
    holds: ['', ' \n', [], {}, null],
    fails: ['a', [1]],
    says: 'x is "a", expected nothing',
  },
  lines: {
    operand: { atLeast: 2 },
    holds: ['a\nb\n'],
    fails: ['a\n\n', 2],
    says: 'x.lines is ["a"], expected at least 2',
  },
  json: {
    operand: { '/a/0': 1 },
    holds: ['{"a":[1]}'],
    fails: ['{"a":[2]}', 'nonsense'],
    says: 'x#/a/0 is 2, expected 1',
    wrongKind: ['nonsense', 'x is "nonsense", which is not JSON; expected JSON with {"/a/0":1}'],
  },
  jsonSchema: {
    operand: { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } },
    holds: ['{"a": 1}', { a: 2 }],
    fails: [{ a: 'x' }, '{"b": 1}', 'nonsense', undefined, null, 5],
    says: 'x#/a must be integer',
  },
  snapshot: {
    operand: { folder: snapshots, name: 'kept' },
    holds: ['one\ntwo\n'],
    fails: ['one\nthree\n', 'one\ntwo', '', undefined, { a: 1 }],
    says: `x differs from ${snapshots}/kept: line 2 is "three", and was "two"`,
  },
  atLeast: {
    operand: 2,
    holds: [2, 3, [1, 2], '2'],
    fails: [1, [1], 'two', '', undefined],
    says: 'x is 1, expected at least 2',
    wrongKind: ['two', 'x is "two", which is not a number; expected at least 2'],
  },
  atMost: {
    operand: 2,
    holds: [2, [], '-1', ' 1.5\n', '1e0'],
    fails: [3, null, '0x1', '1,5', '٢'],
    says: 'x is 3, expected at most 2',
    wrongKind: [{ a: 1 }, 'x is {"a":1}, which is not a number; expected at most 2'],
  },
  above: { operand: 2, holds: [3], fails: [2, 'Infinity'], says: 'x is 2, expected more than 2' },
  below: { operand: 2, holds: [1], fails: [2, undefined], says: 'x is 2, expected less than 2' },
  semver: {
    operand: '>=2.20',
    holds: ['2.20.0', '2.34.8', '2.21.0pre2023'],
    fails: ['2.8.0', 'none', 2],
    says: 'x is "2.8.0", expected a version in ">=2.20"',
  },
  includes: { operand: 'a', holds: [['a', 'b']], fails: [['b'], 'a'], says: 'x lacks "a": it is ["b"]' },
  includesAll: {
    operand: ['a', 'b'],
    holds: [['b', 'a', 'c']],
    fails: [['a'], 'ab'],
    says: 'x lacks "b": it is ["a"]',
  },
  anyOf: {
    operand: [1, { above: 5 }],
    holds: [1, 6],
    fails: [3, undefined],
    says: 'x is 3, and fits none of: 1; more than 5',
  },
  allOf: {
    operand: [{ above: 1 }, { below: 5 }],
    holds: [3],
    fails: [1, 5],
    says: 'x is 1, expected more than 1',
  },
  not: {
    operand: { matches: 'a' },
    holds: ['b', undefined as never],
    fails: ['a'],
    says: 'x is "a", expected anything but {"matches":"a"}',
  },
};

for (const [name, { operand, holds, fails, says, wrongKind }] of Object.entries(cases)) {
  t.test(`${name} holds where it should, and nowhere else`, (t) => {
    for (const value of holds) t.same(match(value, { [name]: operand }, 'x', now), [], JSON.stringify(value));
    for (const value of fails)
      t.not(match(value, { [name]: operand }, 'x', now).length, 0, JSON.stringify(value));
    const [first] = match(fails[0], { [name]: operand }, 'x', now);
    t.equal(first === undefined ? '' : wordMismatch(first), says);
    if (wrongKind !== undefined) {
      const [wrong] = match(wrongKind[0], { [name]: operand }, 'x', now);
      t.equal(wrong === undefined ? '' : wordMismatch(wrong), wrongKind[1]);
    }
    t.end();
  });
}

t.test('a number of milliseconds is a duration where its name says so', (t) => {
  t.same(match(4999, { duration: { atMost: '5s' } }, 'durationMs'), []);
  t.equal(match(5001, { duration: { atMost: '5s' } }, 'durationMs').length, 1);
  t.end();
});

t.test('a date that the month does not have, or that no one can write, is none', (t) => {
  const wrong: Json[] = [
    '2026-02-29',
    '2026-13-01',
    'Feb 30 10:00:00 2026 GMT',
    '2026-01-01T25:00:00Z',
    1e300,
    '',
  ];
  for (const value of [...wrong, '9'.repeat(1e6), '2026-01-01 10:00 CET', '__proto__'])
    t.match(
      match(value, { date: { before: 'now' } }, 'x'),
      [{ flaw: 'is not a date' }],
      JSON.stringify(value).slice(0, 50),
    );
  t.same(match('2028-02-29', { date: { after: '2028-02-28' } }, 'x'), []);
  t.end();
});

t.test('a date can be within a duration of the observation, before it and after it', (t) => {
  const within = (value: string): number => match(value, { date: { within: '5m' } }, 'x', now).length;
  t.same(['2026-01-01T00:04:59Z', '2025-12-31T23:55:01Z'].map(within), [0, 0]);
  t.same(['2026-01-01T00:05:01Z', '2025-12-31T23:54:59Z'].map(within), [1, 1]);
  t.end();
});

t.test('an address has a version', (t) => {
  t.same(match('10.0.0.1', { ip: { version: 4 } }, 'x'), []);
  const [other] = match('::1', { ip: { version: 4 } }, 'x');
  t.equal(other === undefined ? '' : wordMismatch(other), 'x is "::1", expected an IPv4 address');
  t.same(match('10.0.0.1', { ip: { in: '0.0.0.0/0' } }, 'x'), []);
  t.equal(match('10.0.0.1', { ip: { in: '::/0' } }, 'x').length, 1);
  t.end();
});

t.test('an operand that cannot be used is refused when the scenario is read', (t) => {
  const refused: [string, Json][] = [
    ...(['', 5] as const).flatMap((text): [string, Json][] => [
      ['startsWith', text],
      ['endsWith', text],
    ]),
    ...([[], 'a', {}] as const).map((one): [string, Json] => ['oneOf', one as Json]),
    ...(['2GiB', { atLeast: '2 gigs' }, { around: '2GiB' }, { atLeast: null }] as const).map(
      (one): [string, Json] => ['size', one],
    ),
    ...(['5s', { atMost: 5 }, { atMost: '5 x' }, { constructor: '5s' }] as const).map(
      (one): [string, Json] => ['duration', one as Json],
    ),
  ];
  for (const operand of [{ after: 'soon' }, { within: 5 }, { since: 'now' }, { after: 'now+1' }, 'now'])
    refused.push(['date', operand]);
  for (const operand of [{ in: '10.0.0.0/33' }, { in: [5] }, { version: 5 }, { of: '::/0' }, '::1'])
    refused.push(['ip', operand]);
  for (const operand of [{ contains: 'alpha' }, { in: [null] }, { version: 4 }, '::/0'])
    refused.push(['cidr', operand]);
  for (const [name, operand] of refused)
    t.type(matchers.get(name)?.operandProblem?.(operand), 'string', `${name}: ${JSON.stringify(operand)}`);
  t.equal(
    matchers.get('size')?.operandProblem?.({ atLeast: '{{vars.room}}' }),
    null,
    'a template is no problem',
  );
  const [late] = match('3G', { size: { atLeast: 'much' } }, 'x');
  t.match(late, { reason: 'x cannot be compared: "much" is not a size such as 2GiB' });
  t.end();
});

t.test('every matcher has a case above, or a test file of its own', (t) => {
  const fileOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const own = [...matchers.keys()].filter((name) =>
    existsSync(`test/scenario/matchers/${fileOf(name)}.test.ts`),
  );
  t.same([...matchers.keys()].sort(), [...Object.keys(cases), ...own].sort());
  t.end();
});

t.test('the README names every matcher', (t) => {
  const [, list = ''] = /`(equals oneOf [^`]*)`/.exec(readFileSync('README.md', 'utf8')) ?? [];
  t.same(list.split(/\s+/).sort(), [...matchers.keys()].sort());
  t.end();
});

t.test('other keys walk into a structure, and what is not there fails', (t) => {
  t.same(match({ a: { b: 1 } }, { a: { b: 1 } }, 'value'), []);
  const [missing] = match({ a: {} }, { a: { b: { atLeast: 1 } } }, 'value');
  t.equal(missing === undefined ? '' : wordMismatch(missing), 'there is no value.a.b, expected at least 1');
  t.equal(match('text', { a: 1 }, 'value').length, 1);
  t.end();
});

t.test('several matchers must all hold', (t) => {
  t.equal(match('abc', { contains: 'a', matches: 'z' }, 'stdout').length, 1);
  t.end();
});

t.test('a pattern that would run for ever elsewhere ends at once', (t) => {
  const started = performance.now();
  t.equal(match(`${'a'.repeat(30_000)}!`, { matches: '^(a+)+$' }, 'x').length, 1);
  t.ok(performance.now() - started < 5000);
  t.end();
});

t.test('a star in a pointer is every item, and there must be one', (t) => {
  const words = (value: Json, operand: Json): string[] =>
    match(value, { json: operand }, 'x').map(wordMismatch);
  const list = '{"hosts": [{"up": true, "jobs": [1]}, {"up": false, "jobs": []}, {"up": false}]}';
  t.same(words(list, { '/hosts/0/jobs/*': 1 }), []);
  t.same(
    words(list, { '/hosts/*/up': true }),
    ['x#/hosts/1/up is false, expected true'],
    'only the first is shown',
  );
  t.same(words(list, { '/hosts/*/jobs/*': 1 }), ['there is no x#/hosts/1/jobs/*, expected 1']);
  t.same(words('{"a/b": {"c": 1}}', { '/*/c': 1 }), []);
  t.same(words('{"a/b": {"c": 1}}', { '/*/c': 2 }), ['x#/a~1b/c is 1, expected 2']);
  t.same(words('{"*x": 1}', { '/*x': 1 }), [], 'a key that begins with a star');
  t.same(
    words({ size: 5, list: [1] }, { '/size': 5, '/list/*': 1 }),
    [],
    'a structure, with a key named like a matcher',
  );
  t.end();
});

t.test('what is nested too deeply is no JSON, and is shown', (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const [first] = match(deep, { json: { '': 1 } }, 'x');
  t.match(first === undefined ? '' : wordMismatch(first), /which is nested too deeply; expected JSON with/);
  t.equal(match(deep, { jsonSchema: { type: 'array' } }, 'x').length, 1);
  t.end();
});

t.test('no matcher throws on a hostile value, or on a name of the prototype', (t) => {
  const values: Json[] = [
    '',
    '\0',
    '\uD800',
    '🙂'.repeat(1e5),
    'x'.repeat(1e6),
    '9'.repeat(1e6),
    '__proto__',
    1e308,
    -0,
  ];
  const structures: Json[] = [null, true, [], {}, [[[]]], JSON.parse('{"__proto__": {"length": 1}}') as Json];
  for (const [name, { operand }] of Object.entries(cases))
    for (const value of [...values, ...structures])
      for (const one of match(value, { [name]: operand }, 'x')) t.type(wordMismatch(one), 'string');
  t.equal(match({}, { constructor: { empty: false } }, 'x').length, 1);
  t.equal(match({}, JSON.parse('{"__proto__": {"empty": false}}') as Json, 'x').length, 1);
  t.end();
});

t.test('JSON pointers escape, and reach nothing inherited', (t) => {
  t.equal(pointTo({ 'a/b': { '~': [7] } }, '/a~1b/~0/0'), 7);
  t.equal(pointTo({}, '/constructor'), undefined);
  t.same(pointTo({ a: 1 }, ''), { a: 1 });
  t.end();
});
