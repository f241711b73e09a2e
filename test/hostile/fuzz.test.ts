import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parseMachines } from '../../src/machines/index.ts';
import { magicOffset, readGreeting } from '../../src/nix/protocol/greeting.ts';
import { redactText } from '../../src/report/redact.ts';
import { readLocks } from '../../src/nix/slot-locks.ts';
import { regexProblem } from '../../src/scenario/regex.ts';
import { renderCommand, renderText } from '../../src/scenario/template/render.ts';
import { TemplateError } from '../../src/scenario/template/template-error.ts';
import { lookupKnownHosts } from '../../src/ssh/known-hosts.ts';
import { parseSshConfig } from '../../src/ssh/effective-config.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import { threat } from './threat.ts';

t.setTimeout(600_000);
const seed = Number(process.env['NRBD_SEED'] ?? Date.now() % 1_000_000);
const parserCases = 100_000;
const loaderCases = 10_000;

/** Text that looks a little like what the reader expects. */
function like(words: readonly string[]): fc.Arbitrary<string> {
  return fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(''));
}

/** Runs the reader on many texts: it may return anything, but never throws, and never takes long. */
function never(
  t: Test,
  cases: number,
  arbitrary: fc.Arbitrary<string>,
  read: (text: string) => unknown,
): void {
  let slowest = 0;
  fc.assert(
    fc.property(arbitrary, (text) => {
      const started = performance.now();
      read(text);
      slowest = Math.max(slowest, performance.now() - started);
    }),
    { numRuns: cases, seed },
  );
  t.ok(slowest < 2000, `${cases} cases, seed ${seed}, slowest ${slowest.toFixed(1)} ms`);
}

const machineWords = [
  'ssh://',
  'ssh-ng://',
  'root@',
  'host',
  ' ',
  '\t',
  '\n',
  ';',
  '#',
  '@/etc/nix/machines',
  'x86_64-linux',
  ',',
  '-',
  '4',
  '1e400',
  '-1',
  '99999999999999999999',
  'kvm',
  '%41',
  '%',
  '%0a',
  '[::1]',
  ':22',
  '?',
  'ssh-key=',
  '&',
  '=',
  'AAAA',
  '\r',
  '\0',
];
for (const nixVersion of ['2.3', '2.8.0', '2.19.0', '2.26.0', '2.34.8', '2.93.0'])
  threat(
    'bad input',
    `${parserCases / 5} random machines texts, as Nix ${nixVersion}`,
    'builders or diagnostics, never a crash',
    (t) => {
      never(t, parserCases / 5, like(machineWords), (text) => {
        const { builders, diagnostics } = parseMachines(text, {
          nixVersion,
          system: 'x86_64-linux',
          readFile: (path) => (path.length % 2 === 0 ? '@/loop\n' : null),
        });
        if (!Array.isArray(builders) || diagnostics.some(({ line, column }) => line < 1 || column < 1))
          throw new Error('a place that is none');
      });
    },
  );

const yamlWords = [
  'title: x\n',
  'command: ',
  '"true"',
  '[',
  ']',
  '{',
  '}',
  ': ',
  '\n',
  '  ',
  '- ',
  'expect: ',
  '{exitCode: 0}',
  'examples: ',
  '&a ',
  '*a',
  '<<: *a',
  '!!js/function ',
  '---\n',
  '...\n',
  '|',
  '>',
  "'",
  '"',
  '{{builder.host}}',
  '{{{x}}}',
  '{{#if x}}',
  'matches: "(((("',
  'timeout: 5x',
  'needs: [a]',
  'probe: dns',
  '\t',
  '0755',
  'yes',
  '\0',
  '\ud800',
];
threat('bad input', `${loaderCases} random scenario files`, 'scenarios or problems, never a crash', (t) => {
  never(t, loaderCases, like(yamlWords), (text) =>
    loadScenarios([{ path: 'a.yaml', text }], { probes: null }),
  );
});
threat('bad input', 'a YAML file that grows to gigabytes through its aliases', 'refused at once', (t) => {
  const levels = Array.from(
    { length: 30 },
    (_, index) =>
      `l${index + 1}: &l${index + 1} [${Array.from({ length: 9 }, () => `*l${index}`).join(', ')}]`,
  );
  const text = ['l0: &l0 lol', ...levels, 'title: x', 'command: "true"', 'expect: *l30'].join('\n');
  const started = performance.now();
  const { problems } = loadScenarios([{ path: 'a.yaml', text }], { probes: null });
  t.ok(problems.length > 0);
  t.ok(performance.now() - started < 5000);
});
threat('bad input', 'a YAML file nested ten thousand deep', 'refused, no stack overflow', (t) => {
  const { problems } = loadScenarios([{ path: 'a.yaml', text: `title: x\nexpect: ${'['.repeat(10_000)}` }], {
    probes: null,
  });
  t.ok(problems.length > 0);
});

const templateWords = [
  '{{',
  '}}',
  '{{{',
  '}}}',
  'builder.host',
  'vars.x',
  '#if',
  '/if',
  'else',
  '../',
  'this',
  '@root',
  'lookup',
  'constructor',
  '__proto__',
  '(',
  ')',
  '"',
  "'",
  '|',
  '~',
  '!',
  '--',
  ' ',
  '\n',
  '<<EOF\n',
  '$(',
  '`',
  '\\',
];
threat('bad input', `${loaderCases} random templates`, 'text or a typed error', (t) => {
  const context = { builder: { host: 'h' }, client: {}, facts: {}, vars: {} } as unknown as Parameters<
    typeof renderText
  >[1];
  never(t, loaderCases, like(templateWords), (text) => {
    for (const render of [() => renderText(text, context), () => renderCommand(text, context)]) {
      try {
        render();
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
      }
    }
  });
});

threat('bad input', `${parserCases} random greetings of Nix's protocols`, 'a greeting or none', (t) => {
  let slowest = 0;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('worker' as const, 'serve' as const),
      fc.boolean(),
      (bytes, protocol, prefixed) => {
        const started = performance.now();
        const said = Buffer.from(bytes);
        const all = prefixed ? Buffer.concat([magicOf(protocol), said]) : said;
        const offset = magicOffset(all, protocol);
        if (offset >= 0) readGreeting(all, offset, protocol);
        slowest = Math.max(slowest, performance.now() - started);
      },
    ),
    { numRuns: parserCases, seed },
  );
  t.ok(slowest < 2000, `slowest ${slowest.toFixed(1)} ms`);
});

/** Words that the servers say first: WORKER_MAGIC_2 and SERVE_MAGIC_2. */
function magicOf(protocol: 'worker' | 'serve'): Buffer {
  return Buffer.from(protocol === 'worker' ? '6f69786400000000' : 'cbee525400000000', 'hex');
}

const knownHosts = join(mkdtempSync(join(tmpdir(), 'nrbd-fuzz-')), 'known_hosts');
t.teardown(() => rmSync(dirname(knownHosts), { recursive: true }));

const texts: [string, number, string[], (text: string) => unknown][] = [
  [
    'known_hosts files',
    5_000,
    [
      'host',
      ',',
      ' ',
      '[host]:22',
      '|1|',
      'AAAA',
      '=',
      'ssh-ed25519',
      '@revoked',
      '@cert-authority',
      '*',
      '!',
      '\n',
      '#',
    ],
    (text) => {
      writeFileSync(knownHosts, text);
      return lookupKnownHosts([knownHosts], 'host', 22);
    },
  ],
  [
    'answers of ssh -G',
    parserCases / 5,
    ['hostname ', 'port ', 'x', '99999999', '-1', ' ', '\n', 'identityfile ', '~/', '%d', 'user'],
    parseSshConfig,
  ],
  [
    'regexes',
    loaderCases,
    [
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '*',
      '+',
      '?',
      '1',
      ',',
      '999999',
      '\\',
      'a',
      '|',
      '^',
      '$',
      '(?',
      'P<n>',
      '\\p{',
      'L}',
    ],
    regexProblem,
  ],
  [
    'lists of locks',
    parserCases / 5,
    ['1: ', 'FLOCK ', 'ADVISORY ', 'WRITE ', '12 ', '08:01:', '99999999999999999999', ' 0 EOF', '\n', ' '],
    readLocks,
  ],
];
for (const [name, cases, words, read] of texts)
  threat('bad input', `${cases} random ${name}`, 'a result or a typed error', (t) => {
    never(t, cases, like(words), read);
  });

threat('bad input', 'text of megabytes for the removal of secrets', 'linear time', (t) => {
  for (const text of [
    '-----BEGIN '.repeat(100_000),
    'a://b:'.repeat(200_000),
    `access-tokens ${'x=y '.repeat(100_000)}`,
    'Bearer '.repeat(200_000),
    'x'.repeat(5_000_000),
  ]) {
    const started = performance.now();
    redactText(text);
    const took = performance.now() - started;
    t.ok(took < 3000, `${JSON.stringify(text.slice(0, 12))}: ${took.toFixed(0)} ms`);
  }
});
