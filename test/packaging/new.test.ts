import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pLimit from 'p-limit';
import t, { type Test } from 'tap';

t.setTimeout(600_000);

const copied = [
  ...['src', 'specs', 'schemas', 'reporters', 'test', 'scripts', 'docs', 'contrib'],
  ...[
    'package.json',
    'tsconfig.json',
    'README.md',
    'eslint.config.js',
    '.prettierrc.json',
    '.prettierignore',
  ],
];

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

interface Checkout {
  folder: string;
  run: (...words: string[]) => Ran;
  /** The same without waiting; at most two run at once. */
  start: (...words: string[]) => Promise<Ran>;
  read: (path: string) => string;
  /** What differs from the real checkout, as lines of `diff`. */
  changes: (path: string) => string[];
}

/** A copy of the checkout, in which `npm run new` may write. */
function checkout(t: Test): Checkout {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-new-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of copied) cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const words = ['--import', 'tsx'];
  const atOnce = pLimit(2);
  return {
    folder,
    run: (...more) => spawnSync(process.execPath, [...words, ...more], { cwd: folder, encoding: 'utf8' }),
    start: (...more) =>
      atOnce(
        () =>
          new Promise((done) => {
            const child = execFile(
              process.execPath,
              [...words, ...more],
              {
                cwd: folder,
                maxBuffer: 1e8,
                env: { ...process.env, NRBD_FORMAT: 'host-names', TAP_TIMEOUT: '600' },
              },
              (_error, stdout, stderr) => done({ status: child.exitCode, stdout, stderr }),
            );
          }),
      ),
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    changes: (path) => {
      const { stdout } = spawnSync('diff', ['-r', path, join(folder, path)], { encoding: 'utf8' });
      return stdout.split('\n').filter((line) => line !== '');
    },
  };
}

const kinds: readonly [kind: string, ...words: string[]][] = [
  ['scenario', 'up-for-a-minute'],
  ['probe', 'processors'],
  ['probe', 'an-answer', 'client'],
  ['matcher', 'hasEnding'],
  ['matcher', 'is-last'],
  ['reporter', 'host-names'],
  ['fault', 'stopped-again'],
];

const { folder, run, start, read, changes } = checkout(t);

t.test('it refuses what it cannot write, and writes nothing', (t) => {
  for (const [words, why] of [
    [[], /^npm run new -- scenario\|probe\|matcher\|reporter\|fault NAME/],
    [['constructor', 'a'], /^npm run new/],
    [['probe', 'Not A Name'], /^"Not A Name" is not a valid name\. Use small letters/],
    [['probe', 'camelCase'], /is not a valid name/],
    [['matcher', 'Not-camel'], /is not a valid name\. .*camelCase, such as endsWith/],
    [['probe', 'dns'], /^src\/probes\/index\.ts already has the name "dns"/],
    [['matcher', 'at-least'], /already has the name "atLeast"/],
    [['reporter', 'json'], /^the format "json" exists/],
    [['scenario', 'clock', 'client'], /^specs\/nix\/clock\.yaml exists/],
    [['scenario', 'a', 'nowhere'], /^there is no stage "nowhere": client, network/],
  ] as const) {
    const { status, stderr, stdout } = run('scripts/new.ts', ...words);
    t.equal(status, 2, words.join(' '));
    t.match(stderr, why);
    t.equal(stdout, '');
  }
  for (const path of copied) t.same(changes(path), [], path);

  // The last step of a reporter fails: the README does not list formats. The first step of a matcher fails: a reserved word.
  const readme = readFileSync('README.md', 'utf8');
  writeFileSync(join(folder, 'README.md'), readme.replace('and templates of your own', ''));
  for (const [words, why] of [
    [['reporter', 'host-names'], /^README\.md has no place for: `host-names`,\nNothing was written\.\n$/],
    [['matcher', 'in'], /^src\/scenario\/matchers\/in\.ts: SyntaxError.*\nNothing was written\.\n$/],
  ] as const) {
    const { status, stderr } = run('scripts/new.ts', ...words);
    t.equal(status, 1);
    t.match(stderr, why);
  }
  writeFileSync(join(folder, 'README.md'), readme);
  for (const path of copied) t.same(changes(path), [], path);
  t.end();
});

t.test('what npm run new writes works without changes', async (t) => {
  const files = new Set<string>();
  for (const words of kinds) {
    const made = run('scripts/new.ts', ...words);
    t.match(made, { status: 0, stdout: /Next:\n {2}\w/ }, `${words.join(' ')}: ${made.stderr}`);
    for (const [, file = ''] of made.stdout.matchAll(/^(?:wrote|changed) (\S+)$/gm)) files.add(file);
  }

  const schema = changes('schemas/scenario.schema.json');
  t.equal(schema.filter((line) => line.startsWith('>')).length, 10, 'five lines for each matcher');
  t.same(
    schema.filter((line) => line.startsWith('<')),
    [],
    'the schema has new lines only',
  );
  t.match(
    read('src/scenario/matchers/has-ending.ts'),
    /export const hasEnding: Matcher = \{\n {2}name: 'hasEnding'/,
  );
  t.match(read('src/scenario/matchers/is-last.ts'), /export const isLast: Matcher = \{\n {2}name: 'isLast'/);
  t.match(read('specs/client/an-answer.yaml'), /^per: client$/m);
  t.match(read('specs/nix/processors.yaml'), /^needs: \[shell\]$/m);
  t.match(read('src/probes/processors.ts'), /transport\.run\(command, \{ \.\.\.context, quick: true \}\)/);
  t.match(read('README.md'), /`nagios`, `host-names`, and templates/);
  t.match(read('README.md'), /^\| nix \| .* `up-for-a-minute` `processors` \|$/m);
  t.match(read('README.md'), / `an-answer` \|$/m);
  t.match(read('docs/formats.md'), /^\| `host-names` \| a reader of its lines /m);

  t.equal(run('scripts/generate.ts').status, 0);
  t.equal(run('scripts/docs.ts').status, 0);
  t.equal(run('scripts/faults.ts', '--count').status, 0);
  // One process for all tests takes less time.
  const tests = [...files, 'test/scenario/matchers.test.ts', 'test/report/hostile.test.ts'].filter(
    (file) => /\.test\.ts$/.test(file) && !/^test\/(faults|commands)\//.test(file),
  );
  t.equal(tests.length, 8);
  writeFileSync(
    join(folder, 'test/new.test.ts'),
    [...new Set(tests)].map((file) => `import '../${file}';\n`).join(''),
  );
  const programs: readonly string[][] = [
    ['test/new.test.ts'],
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    ['src/cli.ts', 'lint', 'specs'],
    ['node_modules/prettier/bin/prettier.cjs', '--check', ...files],
  ];
  await Promise.all(
    programs.map(async (words) => {
      const { status, stdout, stderr } = await start(...words);
      t.equal(status, 0, `${words.join(' ')}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
    }),
  );
  t.match(run('src/cli.ts', 'explain', 'up-for-a-minute-unclear').stdout, /has been up could not be read/);
  t.match(run('src/cli.ts', 'explain', 'processors-unknown').stdout, /could not be read/);
});

t.test('CONTRIBUTING names each kind', (t) => {
  const text = readFileSync('CONTRIBUTING.md', 'utf8');
  t.same(
    [...text.matchAll(/npm run new -- (\w+) NAME/g)].map(([, kind]) => kind),
    [...new Set(kinds.map(([kind]) => kind))],
  );
  t.end();
});
