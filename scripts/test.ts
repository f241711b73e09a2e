/**
 * Prepares what tests need, then runs them with tap's own runner (.taprc). Words choose the files whose path holds one of
 * them; options go to tap (`--only`, `--watch`, `--reporter=spec`). `--profile NAME` (or `all`): the matrix over that
 * profile.
 */
import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, NoFleet } from '../test/fleet/packages.ts';
import { profiles } from '../test/fleet/profiles/index.ts';

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

/** tap builds its `t` from the plugins of .taprc once; its runner would do so only after it has loaded the old ones. */
async function prepareTap(): Promise<void> {
  const built = await readFile('node_modules/@tapjs/test/test-built/dist/esm/index.js', 'utf8');
  if (built.includes('@tapjs/typescript')) tap('build');
}

/** Where output is no terminal, the reporter `base` writes each line once; it asks the variable CI for that. */
function tap(...args: readonly string[]): number {
  const env = process.stdout.isTTY ? process.env : { CI: '1', ...process.env };
  const { status } = spawnSync('tap', args, { stdio: 'inherit', env });
  return status ?? 1;
}

const { values, positionals, tokens } = parseArgs({
  options: { profile: { type: 'string' } },
  allowPositionals: true,
  strict: false,
  tokens: true,
});
if (typeof values['profile'] === 'string') process.env['NRBD_PROFILE'] = values['profile'];
const passedOn = tokens
  .filter((token) => token.kind === 'option')
  .filter(({ name }) => name !== 'profile')
  .map(({ rawName, value }) => (value === undefined ? rawName : `${rawName}=${value}`));
const files = (await readdir('test', { recursive: true }))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join('test', name))
  .filter((file) => positionals.length === 0 || positionals.some((word) => file.includes(word)));
await prepareFleet(files);
await prepareTap();
process.exitCode = tap('run', '--reporter=base', ...passedOn, ...files);
