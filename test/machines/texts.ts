import fc from 'fast-check';

/** Files that a text may include, as they lie in /mnt. */
export const includedFiles: Readonly<Record<string, string>> = {
  one: 'ssh://one x86_64-linux - 2\n',
  nested: '# the rest\n@/mnt/one\nssh://two # two\n',
  blank: '\n\n',
  raw: 'ssh://raw\r\nlast',
  loop: '@/mnt/loop\n',
};

const user = fc.constantFrom('', '', 'root@', 'a.b@', 'u:p@', 'é@', 'a%20b@', '@');
const host = fc.constantFrom(
  ...['h', 'builder1', 'a-b.example.org', '127.0.0.1', '5', '', 'localhost', 'UPPER', 'under_score', 'h%41'],
  ...['[::1]', '::1', '[fe80::1%25eth0]', 'fe80::1%eth0', '[::1', 'h!$', "h'", '"h"', 'h^', 'é'],
);
const port = fc.constantFrom('', '', '', ':22', ':022', ':0', ':65536', ':', ':x', ':22:22');
const path = fc.constantFrom('', '', '', '/', '/a/b', '/a%20b', '/%zz', '//', '/é', '/a:b@c');
const query = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '?',
    '?a=1',
    '?b=2&a=1',
    '?a=1&a=2',
    '?a',
    '?a=%41',
    '?a=%zz',
    '?a=b=c',
    '?a=1&&b=2&',
    '?=1',
  ],
  ...[
    '?a=é',
    '?a=1?b=2',
    '?a=+',
    '?ssh-key=/root/k&compress=true',
    '?a="x"',
    '?a=%c3%a9',
    '?a=^',
    '?x=%00',
    '?%41=1',
  ],
);
const scheme = fc.constantFrom(
  ...[
    'ssh://',
    'ssh-ng://',
    'ssh://',
    'ssh-ng://',
    '',
    '',
    'SSH://',
    'foo://',
    'ssh:',
    'ssh:/',
    'ssh:///',
    '1a://',
  ],
  ...['ssh://ssh://', 'http://', 'file://', 'unix://', 'local://', 's+s.h-2://', '://'],
);
const madeUri = fc
  .tuple(scheme, user, host, port, path, query)
  .filter(([, , name, number]) => !(name.includes('%25') && number !== ''))
  .map((parts) => parts.join(''));
const plainUri = fc.constantFrom(
  ...[
    'auto',
    'daemon',
    'local',
    'auto?a=1',
    'daemon?a=1',
    'local?root=/x',
    '?a=1',
    '/p/q',
    './p',
    'a/b',
    '/a b',
    '/%41',
  ],
  ...[
    '-',
    'remote-builder@castor',
    'local@h',
    'ssh://h',
    'ssh-ng://h',
    'ssh://root@h',
    'h',
    '/a?b=1',
    '/é',
    'C:\\x',
    '?',
  ],
);
const uri = fc.oneof({ weight: 3, arbitrary: plainUri }, { weight: 4, arbitrary: madeUri });

const usual = <T>(value: T, ...odd: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(value) },
    { weight: odd.length, arbitrary: fc.constantFrom(...odd) },
  );
const columns = [
  usual('x86_64-linux', '-', 'b,a', ',', 'a,,b,', 'x', 'a,a'),
  usual('-', '/root/key', 'key', '~/.ssh/k'),
  usual(
    '1',
    '-',
    '0',
    '+3',
    '007',
    '4294967295',
    '4294967296',
    '-1',
    '1.5',
    'auto',
    '0x10',
    '1e2',
    '+',
    '--',
  ),
  usual(
    '2',
    '-',
    '0',
    '1.0',
    '.5',
    '5.',
    '+2',
    '1e3',
    'inf',
    'NAN',
    'nan(x)',
    '-1',
    '-0',
    '0x1',
    '1,5',
    '3.5e38',
    '1e-46',
    '1e',
    'infinit',
  ),
  usual('kvm', '-', ',', 'b,a', 'kvm,kvm,big-parallel'),
  usual('-', 'kvm', 'a,b', 'c3NoLWVkMjU1MTkgQUFBQQ=='),
  usual('-', 'c3NoLWVkMjU1MTkgQUFBQQ==', 'AAAA', 'ssh-ed25519', 'A=§', '=', 'a\u001b', 'QUJD='),
  usual('-', 'x', 'y'),
];
const gap = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \r');
const entry = fc
  .tuple(uri, fc.nat({ max: columns.length }), ...columns, gap, gap)
  .map(([first, count, ...rest]) => {
    const [last, between] = [rest.at(-1), rest.at(-2)] as [string, string];
    return [first, ...rest.slice(0, count)].join(between) + (count % 3 === 0 ? last : '');
  });
const include = fc
  .tuple(
    fc.constantFrom('@', '@', '@ ', ' @'),
    fc.constantFrom(
      '/mnt/one',
      'mnt/nested',
      '/mnt/blank',
      '/mnt/raw',
      '/none',
      '',
      '/mnt/store',
      '/mnt/one x',
    ),
  )
  .map((parts) => parts.join(''));
const odd = fc.constantFrom(
  '',
  '',
  ' ',
  '\r',
  '\t',
  '# note',
  ' # note',
  '#',
  '# a; b',
  'ssh://h # x; y z',
  '#@/mnt/one',
  '# x;@/mnt/one',
  '-',
  '@',
);
const line = fc.oneof(
  { weight: 6, arbitrary: entry },
  { weight: 1, arbitrary: include },
  { weight: 2, arbitrary: odd },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(...Array.from(' \t\r#@;-,:/?%=&[]a1')), maxLength: 12 }),
  },
);

/** Machines texts: mostly right entries, with the odd things that people and generators write. */
export const machinesText: fc.Arbitrary<string> = fc
  .array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n', ';', '; ', '\n\n')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((lines) => lines.flat().join(''));
