import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

/** A copy of the checkout, in which `npm run new` may write. */
function checkout(
  t: Test,
): (...words: string[]) => { status: number | null; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-new-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of copied) cpSync(path, join(folder, path), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return (...words) =>
    spawnSync(process.execPath, ['--import', 'tsx', ...words], { cwd: folder, encoding: 'utf8' });
}

const names: Readonly<Record<string, string>> = {
  scenario: 'up-for-a-minute',
  probe: 'an-answer',
  matcher: 'divisibleby3',
  reporter: 'host-names',
  fault: 'stopped-again',
};

t.test('what npm run new writes works as it stands', (t) => {
  const run = checkout(t);
  for (const [kind, name] of Object.entries(names)) {
    const made = run('scripts/new.ts', kind, name);
    t.match(made, { status: 0, stdout: /Next:\n {2}\w/ }, `${kind}: ${made.stderr}`);
  }
  for (const script of ['scripts/generate.ts', 'scripts/docs.ts']) t.equal(run(script).status, 0, script);
  t.equal(run('scripts/faults.ts', '--count').status, 0);

  for (const [script, ...words] of [
    ['src/cli.ts', 'lint', 'specs'],
    ['scripts/docs.ts', '--check'],
    ['scripts/faults.ts', '--check'],
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    ['node_modules/prettier/bin/prettier.cjs', '--check', 'src', 'test', 'schemas', 'scripts'],
    ['test/probes/an-answer.test.ts'],
    ['test/scenario/matchers/divisibleby3.test.ts'],
    ['test/scenario/matchers.test.ts'],
    ['test/report/host-names.test.ts'],
  ] as const) {
    const { status, stdout, stderr } = run(script, ...words);
    t.equal(status, 0, `${script} ${words.join(' ')}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  }
  t.match(run('src/cli.ts', 'explain', 'up-for-a-minute-unclear').stdout, /has been up could not be read/);
  t.match(run('src/cli.ts', 'explain', 'an-answer-unclear').stdout, /could not be read/);
  t.end();
});

t.test('it refuses what it cannot write, and writes nothing then', (t) => {
  const run = checkout(t);
  for (const [words, why] of [
    [[], /^npm run new -- scenario\|probe\|matcher\|reporter\|fault NAME/],
    [['constructor', 'a'], /^npm run new/],
    [['probe', 'Not A Name'], /^"Not A Name" is no name/],
    [['probe', '../up'], /is no name/],
    [['probe', 'dns'], /^src\/probes\/dns\.ts exists/],
    [['scenario', 'a', 'nowhere'], /^there is no stage "nowhere": client, network/],
  ] as const) {
    const { status, stderr, stdout } = run('scripts/new.ts', ...words);
    t.equal(status, 2, words.join(' '));
    t.match(stderr, why);
    t.equal(stdout, '');
  }
  t.end();
});

t.test('CONTRIBUTING names each kind', (t) => {
  const text = readFileSync('CONTRIBUTING.md', 'utf8');
  t.same(
    [...text.matchAll(/npm run new -- (\w+) NAME/g)].map(([, kind]) => kind),
    Object.keys(names),
  );
  t.end();
});
