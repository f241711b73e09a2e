/**
 * Builds dist/: one bundle split by command, the default suite as the bundle wants it, the two library entries, and
 * their type declarations.
 */
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { generate } from './generate.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

await generate();
await rm(`${root}dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', machines: 'src/machines/index.ts', routing: 'src/routing/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
  // What is shorter is read sooner; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  // ssh2's optional native parts; its portable code is as quick once Nagle is off.
  external: ['cpu-features'],
  loader: { '.node': 'empty' },
  // CommonJS packages inside an ES module bundle still look for these.
  banner: {
    js: [
      "import { createRequire as __bundleRequire } from 'node:module';",
      "import { fileURLToPath as __bundlePath } from 'node:url';",
      "import { dirname as __bundleDirname } from 'node:path';",
      'const require = __bundleRequire(import.meta.url);',
      'const __filename = __bundlePath(import.meta.url);',
      'const __dirname = __bundleDirname(__filename);',
    ].join('\n'),
  },
});
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'scripts/tsconfig.types.json'], {
  cwd: root,
  stdio: 'inherit',
});

// Imported late: it needs what was generated above.
const { readSuite } = await import('../src/commands/suite.ts');
const { compile } = await import('../src/scenario/compiled.ts');
const { lintScenarios } = await import('../src/scenario/lint.ts');
const { probes } = await import('../src/observe/index.ts');
const suite = await readSuite({ spec: [], defaultSpecs: true });
if (lintScenarios(suite.files, [], probes).length > 0)
  throw new Error('the default suite has problems: npm run check says which');
await writeFile(
  `${root}dist/specs.json`,
  JSON.stringify(compile(`${root}specs`, suite.files, suite.scenarios)),
);
