import t from 'tap';
import { type Builder, type Diagnostic, parseMachines } from '../../src/machines/index.ts';

function parse(
  text: string,
  nixVersion: string,
  readFile: (path: string) => string | null = () => null,
): { builders: Builder[]; diagnostics: Diagnostic[] } {
  return parseMachines(text, { nixVersion, system: 'x86_64-linux', readFile });
}

/** `no-host 1:1` and so on. */
function warnings(text: string, version: string): string[] {
  return parse(text, version).diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

t.test('a URI that leads elsewhere than it seems to', (t) => {
  for (const [text, version, want] of [
    ['ssh://', '2.8.0', 'no-host 1:1'],
    ['ssh-ng://root@/', '2.34.8', 'path-after-host 1:1'],
    ['ssh://h/nix', '2.34.8', 'path-after-host 1:1'],
    ['ssh://[::1]:22', '2.26.3', 'port-not-passed 1:1'],
    ['daemon', '2.34.8', 'local-store 1:1'],
    ['auto', '2.8.0', 'local-store 1:1'],
    ['https://cache.example.org', '2.34.8', 'not-a-builder 1:1'],
    ['ssh://h?max-connection-age=1', '2.34.8', 'unknown-parameter 1:1'],
    ['ssh://h?port=22', '2.34.8', 'unknown-parameter 1:1'],
  ] as const) {
    t.same(warnings(text, version), [want], `${version} ${text}`);
  }
  t.same(warnings('ssh-ng://h?max-connection-age=1&store=/x', '2.34.8'), []);
  t.end();
});

t.test('Lix has its own way to name a port', (t) => {
  const { builders, diagnostics } = parse('ssh://h?port=2222\nssh://i:2222', 'nix (Lix, like Nix) 2.93.0');
  t.match(builders, [
    { host: 'h', port: 2222 },
    { host: 'i:2222', port: null },
  ]);
  t.match(diagnostics, [{ code: 'port-not-passed', message: /^Lix 2\.93\.0 knows no port.*\?port=2222/ }]);
  t.equal(diagnostics.length, 1);
  t.end();
});

t.test('columns that mean something else than they seem to', (t) => {
  for (const [text, version, want] of [
    ['h ,', '2.34.8', 'odd-system 1:3'],
    ['h x86_64-linux,aarch64', '2.34.8', 'odd-system 1:3'],
    ['h - - 4294967295', '2.34.8', 'max-jobs-huge 1:7'],
    ['h - - +4', '2.34.8', 'signed-number 1:7'],
    ['h - - 1 1e-46', '2.34.8', 'odd-speed 1:9'],
    ['h - - 1 1 big-parallel,c3NoLWVkMjU1MTkgQUFBQQ==', '2.34.8', 'shifted-columns 1:11'],
    ['h - - 1 1 - AAAAC3NzaC1lZDI1NTE5AAAAIGsJ', '2.34.8', 'shifted-columns 1:13'],
  ] as const) {
    t.same(warnings(text, version), [want], `${version} ${text}`);
  }
  t.same(warnings('h builtin,x86_64-linux', '2.34.8'), []);
  const many = 'nixos-test,benchmark,big-parallel,kvm,gccarch-znver3,gccarch-x86-64-v3,gccarch-skylake';
  t.same(warnings(`h - - 1 1 ${many} ${many}`, '2.34.8'), [], 'a long list of features is no key');
  t.match(parse('h - ~/key', '2.34.8').diagnostics[0]?.message, /not an absolute path/);
  t.match(parse('h - ~/key', '2.8.0').diagnostics[0]?.message, /home of the user that the daemon runs as/);
  t.match(parse('h - key', '2.8.0').diagnostics[0]?.message, /looked for in \//);
  t.end();
});

t.test('a second entry for one URI names the place of the first', (t) => {
  const files: Record<string, string> = { '/a': '\nh\n', '/b': 'h\n' };
  const { diagnostics } = parse('@/a\n@/b', '2.34.8', (path) => files[path] ?? null);
  t.match(diagnostics, [
    { code: 'duplicate-uri', file: '/b', line: 1, message: /^\/a, line 2 has the same/ },
  ]);
  t.end();
});

t.test('the version is read from whatever a vendor prints', (t) => {
  // Determinate Nix puts its own number first; a bare 2.91 can only be Lix.
  t.same(warnings('ssh://h:22', 'nix (Determinate Nix 3.6.8) 2.30.0'), ['port-not-passed 1:1']);
  t.same(warnings('ssh://h:22', 'nix (Determinate Nix 3.11.2) 2.31.1'), []);
  t.match(parse('ssh://h:22', '2.91.0').diagnostics[0]?.message, /^Lix 2\.91\.0/);
  t.end();
});

t.test('includes that branch without end are given up, with an error', (t) => {
  let count = 0;
  const { diagnostics } = parse('@/0', '2.34.8', () => {
    count += 1;
    return `@/${count}-a\n@/${count}-b\n`;
  });
  t.ok(diagnostics.length > 0);
  t.same([...new Set(diagnostics.map(({ code }) => code))], ['too-many-includes']);
  t.ok(count <= 1000, `${count} files read`);
  t.end();
});

t.test('the TOML form of Lix is one error, at its file, and no entries', (t) => {
  const toml = 'version = 1\n[machines.a]\nuri = "ssh://a"\n';
  t.match(
    parse('@/m.toml', 'Lix 2.95.3', () => toml),
    { builders: [], diagnostics: [{ code: 'lix-toml', file: '/m.toml', line: 1 }] },
  );
  t.equal(parse('@/m.toml', 'Lix 2.95.3', () => toml).diagnostics.length, 1);
  t.match(parse('ssh://a', 'Lix 2.95.3').builders, [{ host: 'a' }]);
  t.end();
});
