import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';

/** The blocks of CONTRIBUTING.md by the path that their first line names, without their indent. */
function blocks(): Map<string, string> {
  const text = readFileSync('CONTRIBUTING.md', 'utf8');
  const found = [...text.matchAll(/^ {3}```\w+\n([\s\S]*?)^ {3}```$/gm)].map(([, block = '']) => {
    const [first = '', ...lines] = block.split('\n').map((line) => line.replace(/^ {3}/, ''));
    return [/[\w./-]+\.\w+/.exec(first.replace(/^\/\/ /, ''))?.[0] ?? first, lines.join('\n')] as const;
  });
  return new Map(found);
}

/** The lines with `+`, each after the last line of the file that looks like it. */
function addLines(file: string, block: string, after: readonly RegExp[]): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  const added = block.split('\n').filter((line) => line.startsWith('+'));
  added.forEach((line, index) => {
    const at = lines.findLastIndex((one) => after[index]?.test(one));
    lines.splice(at + 1, 0, line.slice(1));
  });
  writeFileSync(file, lines.join('\n'));
}

const folder = mkdtempSync(join(tmpdir(), 'nrbd-contributing-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
for (const path of [
  'src',
  'specs',
  'schemas',
  'reporters',
  'test',
  'scripts',
  'package.json',
  'tsconfig.json',
  'README.md',
])
  cpSync(path, join(folder, path), { recursive: true });
symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
const found = blocks();
const put = (path: string): void => writeFileSync(join(folder, path), found.get(path) ?? '');
const doctor = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], { cwd: folder, encoding: 'utf8' });

t.test('every list has its block', (t) => {
  t.same(
    [...found.keys()],
    [
      'specs/nix/uptime.yaml',
      'src/probes/answer.ts',
      'src/probes/index.ts',
      'reporters/names.hbs',
      'src/report/render.ts',
      'test/faults/network.ts',
    ],
  );
  t.end();
});

t.test('a scenario', (t) => {
  put('specs/nix/uptime.yaml');
  t.match(doctor('lint', 'specs'), { status: 0, stderr: /^\d+ files, 0 problems/m });
  t.match(doctor('explain', 'no-uptime').stdout, /does not tell how long/);
  t.end();
});

t.test('a probe', (t) => {
  put('src/probes/answer.ts');
  addLines(join(folder, 'src/probes/index.ts'), found.get('src/probes/index.ts') ?? '', [
    /^import /,
    /^ {2}\w+,$/,
  ]);
  const scenario =
    'title: An answer\ntarget: client\nprobe: answer\nexpect: {value: 42}\nexamples: [{value: 42, outcome: pass}]\n';
  writeFileSync(join(folder, 'asked.yaml'), scenario);
  const words = ['-s', 'asked.yaml', '-t', 'asked', '--builders', 'ssh://a x86_64-linux', '-f', 'tap'];
  t.match(doctor('check', ...words).stdout, /^ +ok \d+ - asked/m);
  t.end();
});

t.test('a reporter', (t) => {
  put('reporters/names.hbs');
  addLines(join(folder, 'src/report/render.ts'), found.get('src/report/render.ts') ?? '', [/^ {2}nagios: /]);
  const words = ['--builders', 'ssh://a x86_64-linux', '-t', 'dns', '-f', 'names'];
  t.match(doctor('check', ...words).stdout, /^a (healthy|unhealthy)$/m);
  t.end();
});

t.test('a fault', (t) => {
  const file = join(folder, 'test/faults/network.ts');
  const lines = readFileSync(file, 'utf8').split('\n');
  const at = lines.findLastIndex((line) => line === '];');
  t.ok(at > 0);
  lines.splice(at, 0, found.get('test/faults/network.ts') ?? '');
  writeFileSync(file, lines.join('\n'));
  const counted = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/faults.ts', '--count'], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.equal(counted.status, 0, counted.stderr);
  const number = (text: string): number => Number(/(\d+) faults with/.exec(text)?.[1]);
  t.equal(
    number(readFileSync(join(folder, 'README.md'), 'utf8')),
    number(readFileSync('README.md', 'utf8')) + 1,
  );
  t.end();
});
