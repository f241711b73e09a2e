/**
 * Builds dist/: the command line, what the commands do (one script beside its compiled form), the default suite as the
 * bundle wants it, the two library entries, and their type declarations.
 */
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { commonJs, compiledFormOf } from '../src/support/compiled-script.ts';
import { generate } from './generate.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

await generate();
await rm(`${root}dist`, { recursive: true, force: true });
const bundled: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  // What is shorter is read sooner; names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  // ssh2's optional native parts; its portable code is as quick once Nagle is off.
  // The other is Handlebars' for templates with a source map, and it goes on without.
  external: ['cpu-features', 'source-map'],
  loader: { '.node': 'empty' },
};

/** `(await import('./commands/NAME.ts')).DOES(`: the modules of the commands, and what is taken from each. */
const commands = new Map(
  Array.from(
    (await readFile(`${root}src/program.ts`, 'utf8')).matchAll(/import\('(\.\/commands\/.+?)'\)\)\.(\w+)/g),
    ([, path = '', does = '']) => [path, does],
  ),
);

/** What the commands do is one script that V8 has compiled beforehand, not modules, which it compiles each time. */
const commandsAreCompiled: Plugin = {
  name: 'commands-are-compiled',
  setup: (its) => {
    its.onResolve({ filter: /^\.\/commands\// }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, namespace: 'compiled' } : undefined,
    );
    its.onLoad({ filter: /./, namespace: 'compiled' }, ({ path }) => {
      const does = commands.get(path);
      if (does === undefined) throw new Error(`src/program.ts takes something else from ${path}`);
      const contents = `
        import { commands } from './support/compiled-commands.ts';
        export const { ${does} } = commands['${path}']();`;
      return { contents, resolveDir: `${root}src` };
    });
  },
};

/** Big parts that few runs need: each is a script of its own, which others do not read. */
const parts = {
  ssh2: "module.exports = require('ssh2');",
  validators: "export * from './generated/validators.js';",
};
const partsAreScripts: Plugin = {
  name: 'parts-are-scripts',
  setup: (its) => {
    its.onResolve({ filter: /^ssh2$|\/generated\/validators\.js$/ }, ({ path }) => ({
      path: basename(path, '.js'),
      namespace: 'part',
    }));
    its.onLoad({ filter: /./, namespace: 'part' }, ({ path }) => {
      const contents = `
        const { loadCompiled } = require('./support/compiled-script.ts');
        module.exports = loadCompiled(require('node:path').join(__dirname, '${path}.cjs'));`;
      return { contents, resolveDir: `${root}src` };
    });
  },
};

await build({
  ...bundled,
  entryPoints: { cli: 'src/cli.ts', machines: 'src/machines/index.ts', routing: 'src/routing/index.ts' },
  outdir: 'dist',
  splitting: true,
  format: 'esm',
  plugins: [commandsAreCompiled],
  // CommonJS packages inside an ES module bundle still look for this.
  banner: {
    js: "import { createRequire as __bundleRequire } from 'node:module'; const require = __bundleRequire(import.meta.url);",
  },
});
const commandModules = Array.from(
  commands.keys(),
  (path) => `exports['${path}'] = () => require('${path}');`,
);
await script('commands', commandModules.join('\n'), [partsAreScripts]);
for (const [name, contents] of Object.entries(parts)) await script(name, contents);
// Nix waits for it before a build, so it is small.
await build({
  ...bundled,
  minify: true,
  entryPoints: ['src/hook/main.ts'],
  outfile: 'dist/build-hook.cjs',
  format: 'cjs',
});
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'scripts/tsconfig.types.json'], {
  cwd: root,
  stdio: 'inherit',
});

// Imported late: it needs what was generated above.
const { readSuite } = await import('../src/setup/suite.ts');
const { compile } = await import('../src/scenario/compiled.ts');
const { lintScenarios } = await import('../src/scenario/lint.ts');
const { probes } = await import('../src/probes/index.ts');
const suite = await readSuite({ spec: [], defaultSpecs: true });
if (lintScenarios(suite.files, [], probes).length > 0)
  throw new Error('the default suite has problems: npm run check says which');
await writeFile(
  `${root}dist/specs.json`,
  JSON.stringify(compile(`${root}specs`, suite.files, suite.scenarios)),
);

/** Writes a CommonJS file of these contents, and the form in which V8 has compiled it. */
async function script(name: string, contents: string, plugins: Plugin[] = []): Promise<void> {
  const file = `${root}dist/${name}.cjs`;
  await build({
    ...bundled,
    stdin: { contents, resolveDir: `${root}src` },
    outfile: file,
    format: 'cjs',
    plugins,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  await keepCompiled(file);
}

/** Every function is compiled, for most of them are used. Without the flag again, for V8 notes which are set. */
async function keepCompiled(file: string): Promise<void> {
  setFlagsFromString('--no-lazy');
  const script = commonJs(file);
  setFlagsFromString('--lazy');
  await writeFile(compiledFormOf(file), script.createCachedData());
}
