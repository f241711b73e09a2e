import fc from 'fast-check';
import t from 'tap';
import { type Builder, type Diagnostic, isFakeSsh, parseMachines } from '../../src/machines/index.ts';
import { featuresOf, parseRelease } from '../../src/machines/release.ts';

function parse(
  text: string,
  nixVersion = '2.34.8',
  files: Record<string, string> = {},
): { builders: Builder[]; diagnostics: Diagnostic[] } {
  return parseMachines(text, { nixVersion, system: 'x86_64-linux', readFile: (path) => files[path] ?? null });
}

function only(text: string, nixVersion?: string): Builder {
  const { builders, diagnostics } = parse(text, nixVersion);
  const [builder] = builders;
  if (builder === undefined) throw new Error(JSON.stringify(diagnostics));
  return builder;
}

/** `error bad-number 1:5` and so on. */
function found(text: string, nixVersion?: string, files?: Record<string, string>): string[] {
  return parse(text, nixVersion, files).diagnostics.map(
    ({ severity, code, line, column }) => `${severity} ${code} ${line}:${column}`,
  );
}

const key = Buffer.from('ssh-ed25519 AAAAC3 root@x').toString('base64');

t.test('Lix takes the port from ?port=, and only a number there', (t) => {
  t.equal(only('ssh-ng://root@a', 'Lix 2.93.0').port, null);
  t.equal(only('ssh-ng://root@a?port=2222', 'Lix 2.93.0').port, 2222);
  t.equal(only('ssh-ng://root@a?port=0x16', 'Lix 2.93.0').port, null);
  t.equal(only('ssh-ng://root@a?port=2222', '2.34.8').port, null, 'Nix knows no such parameter');
  t.end();
});

t.test('all eight columns', (t) => {
  t.match(
    only(`ssh-ng://nix@alpha x86_64-linux,i686-linux /etc/nix/key 8 2.5 kvm,big-parallel nixos-test ${key}`),
    {
      uri: 'ssh-ng://nix@alpha',
      scheme: 'ssh-ng',
      host: 'alpha',
      user: 'nix',
      port: null,
      systems: ['i686-linux', 'x86_64-linux'],
      sshKey: '/etc/nix/key',
      maxJobs: 8,
      speedFactor: 2.5,
      supportedFeatures: ['big-parallel', 'kvm'],
      mandatoryFeatures: ['nixos-test'],
      publicHostKey: key,
      source: { line: 1, column: 1 },
    },
  );
  t.end();
});

t.test('a URI alone is enough', (t) => {
  t.match(only('alpha'), {
    uri: 'ssh://alpha',
    scheme: 'ssh',
    systems: ['x86_64-linux'],
    sshKey: '',
    maxJobs: 1,
    speedFactor: 1,
    supportedFeatures: [],
    publicHostKey: '',
  });
  t.match(only('alpha - - - - - - -'), { uri: 'ssh://alpha', maxJobs: 1 });
  t.end();
});

t.test('entries are separated by newlines and semicolons, and come from includes with their places', (t) => {
  const files = { '/etc/nix/machines': '# ours\n  beta\n@/more\n', '/more': 'gamma # c\n' };
  const { builders, diagnostics } = parse('alpha;@/etc/nix/machines', '2.34.8', files);
  t.same(diagnostics, []);
  t.same(
    builders.map(({ host, source }) => [host, source.file, source.line, source.column]),
    [
      ['alpha', undefined, 1, 1],
      ['beta', '/etc/nix/machines', 2, 3],
      ['gamma', '/more', 1, 1],
    ],
  );
  t.end();
});

t.test(
  'a missing include is silence for Nix and a warning here; a circle and an unreadable file are errors',
  (t) => {
    t.same(found('@/none'), ['warning include-missing 1:1']);
    t.same(found('@/a', '2.34.8', { '/a': 'x\n@/a\n' }), ['error include-cycle 2:1']);
    const { diagnostics } = parseMachines('@/secret', {
      nixVersion: '2.8.0',
      system: 'a',
      readFile: () => {
        throw new Error('EACCES: permission denied');
      },
    });
    t.match(diagnostics, [{ severity: 'error', code: 'include-unreadable', message: /permission denied/ }]);
    t.end();
  },
);

t.test(
  'blanks, indented comments and semicolons in comments are errors up to 2.28, and nothing later',
  (t) => {
    for (const [text, old] of [
      ['alpha\n   \n', ['error no-uri 2:1']],
      ['alpha\n  # c\n', ['error no-uri 2:1']],
      ['a1\r\n\r\nb1', ['error no-uri 2:1']],
      ['# foo; bar', ['warning semicolon-in-comment 1:8']],
    ] as const) {
      for (const version of ['2.8.0', '2.26.3', '2.28.1', 'Lix 2.93.0'])
        t.same(found(text, version), old, `${version} ${JSON.stringify(text)}`);
      for (const version of ['2.28.2', '2.24.15', '2.29.0', '2.34.8'])
        t.same(found(text, version), [], `${version} ${JSON.stringify(text)}`);
    }
    t.equal(parse('# foo; bar', '2.8.0').builders[0]?.host, 'bar');
    t.same(found('  @/etc/x', '2.26.3').includes('warning indented-include 1:3'), true);
    t.same(found('  @/etc/x', '2.34.8'), ['warning include-missing 1:3']);
    t.end();
  },
);

t.test('numbers are those that Nix takes', (t) => {
  for (const [text, value] of [
    ['+3', 3],
    ['007', 7],
    ['4294967295', 4294967295],
  ] as const)
    t.equal(only(`a - - ${text}`).maxJobs, value);
  for (const text of ['-1', '1.5', '0x10', '1e2', '4294967296', 'auto', 'four'])
    t.same(found(`a - - ${text}`), ['error bad-number 1:7'], text);
  t.equal(only('a - - 1 0.5').speedFactor, 0.5);
  t.same(found('a - - 1 0.5', '2.19.3'), ['error bad-number 1:9']);
  t.equal(only('a - - 1 0', '2.19.3').speedFactor, 1);
  for (const [text, value] of [
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1e-46', 1],
    ['-0', 1],
  ] as const)
    t.equal(only(`a - - 1 ${text}`).speedFactor, value, text);
  for (const text of ['0x1', '1,5', '1f', '3.5e38'])
    t.same(found(`a - - 1 ${text}`), ['error bad-number 1:9'], text);
  t.same(found('a - - 1 -1'), ['error negative-speed 1:9']);
  t.match(found('a - - 1 nan'), ['warning odd-speed 1:9']);
  t.match(found('a - - 1 inf'), ['warning odd-speed 1:9']);
  t.end();
});

t.test('every error is reported, and the entries that can be read are returned', (t) => {
  const { builders, diagnostics } = parse('ok\nbad - - x\nworse - - 1 y\n- a\nfine');
  t.same(
    builders.map(({ host }) => host),
    ['ok', 'fine'],
  );
  t.same(
    diagnostics.map(({ code, line }) => `${code} ${line}`),
    ['bad-number 2', 'bad-number 3', 'no-uri 4'],
  );
  for (const { message } of diagnostics) t.match(message, /ends every build on this machine/);
  t.end();
});

t.test("messages carry Nix's own words, to be searched for", (t) => {
  const [diagnostic] = parse('h - - x').diagnostics;
  t.match(
    diagnostic?.message,
    "bad machine specification: failed to convert column #3 in a row: 'h - - x' to 'unsigned int'",
  );
  t.end();
});

t.test('URIs are rendered as each version renders them', (t) => {
  for (const [version, text, uri] of [
    ['2.8.0', 'ssh://h?ssh-key=%2fk&a=b', 'ssh://h?ssh-key=%2fk&a=b'],
    ['2.26.3', 'ssh://h?ssh-key=%2fk&compress=true', 'ssh://h?compress=true&ssh-key=/k'],
    ['2.26.3', 'local', 'local://'],
    ['2.34.8', 'local', 'local'],
    ['2.8.0', 'daemon', 'daemon'],
    ['2.26.3', 'daemon', 'unix://'],
    ['2.26.3', './x', 'local:///x'],
    ['2.8.0', 'a/b', 'a/b'],
    ['2.34.8', 'u@::1', 'ssh://u@[::1]'],
    ['2.34.8', 'ssh://[::1]:22', 'ssh://[::1]:22'],
  ] as const) {
    t.equal(only(text, version).uri, uri, `${version} ${text}`);
  }
  for (const [version, text] of [
    ['2.26.3', 'SSH://b'],
    ['2.34.8', 'ssh://h:0'],
    ['2.34.8', 'ssh://h:70000'],
    ['2.26.3', 'ssh://h?a=%zz'],
  ] as const) {
    t.same(found(text, version), ['error bad-uri 1:1'], `${version} ${text}`);
  }
  t.end();
});

t.test('a port is a port only from 2.31; before it is part of the name, with a warning', (t) => {
  t.match(only('ssh://h:2222', '2.34.8'), { host: 'h', port: 2222 });
  t.match(only('h:2222', '2.26.3'), { host: 'h:2222', port: null });
  t.same(found('h:2222', '2.26.3'), ['warning port-not-passed 1:1']);
  t.match(only('u@[::1]', '2.26.3'), { host: '::1', user: 'u' });
  t.end();
});

t.test('traps that Nix accepts in silence are told, at their column', (t) => {
  for (const [text, version, want] of [
    ['ssh://ssh://b', '2.8.0', 'doubled-scheme 1:1'],
    ['5', '2.34.8', 'numeric-host 1:1'],
    ['remote://b', '2.8.0', 'unknown-scheme 1:1'],
    ['a/b', '2.34.8', 'local-store 1:1'],
    ['ssh-ng://h?max-connections=4', '2.26.3', 'deadlock 1:1'],
    ['ssh-ng://h?compres=true', '2.34.8', 'unknown-parameter 1:1'],
    ['h x86_64', '2.34.8', 'odd-system 1:3'],
    ['h - ~/key', '2.34.8', 'relative-key 1:5'],
    ['h - - 0', '2.34.8', 'max-jobs-zero 1:7'],
    ['h - - 1 0', '2.34.8', 'odd-speed 1:9'],
    [`h - - 1 1 ${key}`, '2.34.8', 'shifted-columns 1:11'],
    [`h - - 1 1 kvm ${key}`, '2.34.8', 'shifted-columns 1:15'],
    ['h - - 1 1 - - AAAA', '2.34.8', 'host-key-not-a-line 1:15'],
    [`h - - 1 1 a b ${key} c`, '2.34.8', `extra-column 1:${16 + key.length}`],
    ['h\nssh://h', '2.34.8', 'duplicate-uri 2:1'],
  ] as const) {
    t.same(found(text, version), [`warning ${want}`], text);
  }
  t.same(found('ssh-ng://h?max-connections=4', '2.34.8'), []);
  t.same(found('h - - 1 1 - - ssh-ed25519 AAAA'), ['error bad-base64 1:15']);
  t.end();
});

t.test('parameters of the URI give way to the columns', (t) => {
  t.equal(only('ssh://h?ssh-key=/a').sshKey, '/a');
  t.equal(only('ssh://h?ssh-key=/a - /b').sshKey, '/b');
  t.end();
});

t.test('only the bare name localhost is served without ssh', (t) => {
  for (const [text, fake] of [
    ['localhost', true],
    ['ssh-ng://localhost', true],
    ['root@localhost', false],
    ['ssh://localhost:22', false],
    ['127.0.0.1', false],
  ] as const) {
    t.equal(isFakeSsh(only(text)), fake, text);
  }
  t.end();
});

t.test('the TOML form of Lix is not misread', (t) => {
  t.match(found('@/m', 'Lix 2.95.3', { '/m': '[machines.a]\nuri = "ssh://a"\n' })[0], /^error lix-toml/);
  t.end();
});

t.test('versions are read in every form that they are printed in', (t) => {
  t.same(parseRelease('nix (Nix) 2.8.0'), { flavour: 'nix', major: 2, minor: 8, patch: 0 });
  t.same(parseRelease('2.19.0pre20230101_abc').minor, 19);
  t.same(parseRelease('nix (Lix, like Nix) 2.91.1').flavour, 'lix');
  t.equal(featuresOf(parseRelease('')).boostUrl, true);
  t.equal(featuresOf(parseRelease('Lix 2.91.0')).floatSpeed, true);
  t.equal(featuresOf(parseRelease('Lix 2.91.0')).storeReference, false);
  t.end();
});

t.test('no text makes it throw, or run for ever', (t) => {
  const versions = fc.constantFrom('2.8.0', '2.26.3', '2.34.8', 'Lix 2.93.0');
  const texts = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(' ', '\n', ';', '#', '@', 'ssh://', '%', '[', '?', '@/x'),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(versions, texts, (version, parts) => {
      const text = parts.join('');
      const { builders, diagnostics } = parse(text, version, { '/x': text });
      return (
        builders.length + diagnostics.length >= 0 &&
        diagnostics.every(({ line, column }) => line >= 1 && column >= 1)
      );
    }),
    { numRuns: 2000 },
  );
  t.end();
});
