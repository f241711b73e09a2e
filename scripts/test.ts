/**
 * Runs the tests: every test/**.test.ts, or those whose path holds one of the words given. Each file is a program
 * of its own that writes TAP; two run at a time, and one of those that only wait. `--profile NAME` (or `all`): the matrix
 * over that profile. The last line is `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { Parser, type Result } from 'tap-parser';
import { ensurePackages, NoFleet } from '../test/fleet/packages.ts';
import { profiles } from '../test/fleet/profiles/index.ts';

interface FileResult {
  passed: number;
  failed: number;
  skipped: number;
}

/** Minutes each: they begin first, so that none is left to run alone at the end. */
const longest = ['test/routing/conformance.test.ts', 'test/faults/client.test.ts', 'test/faults/nix.test.ts'];

/** Minutes each, nearly all of them spent waiting for servers that say nothing: they take no processor from the others. */
const waiting = ['test/faults/login-shell.test.ts', 'test/faults/substituters.test.ts'];

/** A file that takes longer hangs. */
const fileTimeoutMs = 15 * 60_000;

/** Where the kernel runs no programs of another processor, and cannot be told to, the tests of that profile are left out. */
async function prepareArm64(): Promise<void> {
  try {
    await profiles.arm64.prepare(profiles.arm64.nixVersions[0]);
  } catch (error) {
    if (!(error instanceof NoFleet)) throw error;
    process.stderr.write(`Tests of the profile arm64 are left out: ${error.message}\n`);
    process.env['NRBD_NO_ARM64'] = error.message;
  }
}

/** Folders whose tests start hosts. */
const withHosts = /^test\/(faults|fleet|hostile|packaging)\//;

/** Makes every root folder before the first test, so that none is made inside the time limit of a file. */
async function prepareFleet(files: readonly string[]): Promise<void> {
  try {
    ensurePackages();
    if (!files.some((file) => withHosts.test(file))) return;
    const { arm64: _, ...native } = profiles;
    await Promise.all([
      ...Object.values(native).flatMap((profile) => profile.nixVersions.map((nix) => profile.prepare(nix))),
      prepareArm64(),
    ]);
  } catch (error) {
    if (!(error instanceof NoFleet) || process.env['CI'] !== undefined) throw error;
    process.stderr.write(`Tests that need real builders are skipped: ${error.message}\n`);
    process.env['NRBD_NO_FLEET'] = error.message;
  }
}

function runFile(file: string): Promise<FileResult> {
  return new Promise((resolve) => {
    const started = performance.now();
    const result: FileResult = { passed: 0, failed: 0, skipped: 0 };
    const failures: string[] = [];
    const parser = new Parser({ strict: false });
    const count = (own: Parser, path: readonly string[]): void => {
      own.on('child', (child: Parser) => count(child, [...path, child.name]));
      own.on('assert', (assertion: Result) => {
        // The point of a subtest repeats what its own points said.
        if (assertion.closingTestPoint) return;
        if (assertion.skip || assertion.todo) result.skipped += 1;
        else if (assertion.ok) result.passed += 1;
        else {
          result.failed += 1;
          const diag =
            (assertion.diag as unknown) === null
              ? ''
              : `\n${indent(JSON.stringify(assertion.diag, null, 2))}`;
          failures.push(
            `  not ok: ${[...path, assertion.name].filter((part) => part !== '').join(' > ')}${diag}`,
          );
        }
      });
    };
    count(parser, []);
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TAP: '1', TAP_TIMEOUT: String(fileTimeoutMs / 1000) },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdout.pipe(parser);
    const timer = setTimeout(() => child.kill('SIGKILL'), fileTimeoutMs);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (result.passed + result.failed + result.skipped === 0 || (code !== 0 && result.failed === 0)) {
        result.failed += 1;
        failures.push(
          `  the file ended with ${signal ?? `exit code ${code}`} and ${result.passed} passed tests`,
        );
      }
      const verdict = result.failed === 0 ? 'ok' : 'FAILED';
      process.stdout.write(
        `${verdict.padEnd(6)} ${file} (${result.passed} passed, ${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
      );
      if (result.failed > 0) process.stdout.write(`${failures.join('\n')}\n${indent(stderr)}\n`);
      resolve(result);
    });
  });
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

async function main(): Promise<void> {
  const { values, positionals: words } = parseArgs({
    options: { profile: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.profile !== undefined) process.env['NRBD_PROFILE'] = values.profile;
  const all = (await readdir('test', { recursive: true }))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .sort((a, b) => Number(longest.includes(b)) - Number(longest.includes(a)) || a.localeCompare(b));
  const files = all.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  await prepareFleet(files);
  const limit = pLimit(Math.min(2, availableParallelism()));
  const besides = pLimit(1);
  const results = await Promise.all(
    files.map((file) => (waiting.includes(file) ? besides : limit)(() => runFile(file))),
  );
  const sum = (key: keyof FileResult): number => results.reduce((total, result) => total + result[key], 0);
  const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} skipped`;
  const leftOut = process.env['NRBD_NO_ARM64'];
  if (leftOut !== undefined) process.stdout.write(`Tests of the profile arm64 were left out: ${leftOut}\n`);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
}

await main();
