/** Writes src/generated: TypeScript types and ready-made validators from the JSON Schemas in schemas/. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { build, transform } from 'esbuild';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

const root = new URL('../', import.meta.url);
const out = new URL('src/generated/', root);

export async function generate(): Promise<void> {
  await mkdir(out, { recursive: true });
  const files = (await readdir(new URL('schemas/', root))).filter((f) => f.endsWith('.schema.json')).sort();
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    verbose: true,
    code: { source: true, esm: true, lines: true },
  });
  // For the type generator alone.
  ajv.addKeyword('tsType');
  // For the documentation alone.
  ajv.addKeyword('x-usage');
  const exported: Record<string, string> = {};
  const names: string[] = [];
  for (const file of files) {
    const name = file.replace('.schema.json', '');
    const schema = JSON.parse(await readFile(new URL(`schemas/${file}`, root), 'utf8')) as JSONSchema & {
      $id: string;
    };
    ajv.addSchema(schema as AnySchemaObject);
    names.push(name);
    exported[`validate${name[0]?.toUpperCase()}${name.slice(1)}`] = schema.$id;
    const types = await compile(withoutMatchers(schema), name, {
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      unreachableDefinitions: true,
      format: false,
      bannerComment: `/* Generated from schemas/${file} by scripts/generate.ts. */`,
    });
    await writeFile(new URL(`${name}.ts`, out), types);
  }
  await writeFile(
    new URL('types.ts', out),
    `${names.map((n) => `export type * from './${n}.ts';`).join('\n')}\n`,
  );
  const code = standalone.default(ajv, exported);
  await writeFile(
    new URL('validators.js', out),
    `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${code}`,
  );
  await generatePage();
  const declarations = Object.keys(exported).map((name) => `export const ${name}: ValidateFunction;`);
  await writeFile(
    new URL('validators.d.ts', out),
    `import type { ValidateFunction } from 'ajv';\n${declarations.join('\n')}\n`,
  );
}

/** The style and the script of the HTML report, as text to put into the page. */
async function generatePage(): Promise<void> {
  const folder = new URL('reporters/html/', root);
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', folder))],
    bundle: true,
    write: false,
    format: 'iife',
    minify: true,
    target: 'es2023',
    // The type-checker's options for the project do not matter to one page alone.
    tsconfigRaw: {},
  });
  const style = await transform(await readFile(new URL('page.css', folder), 'utf8'), {
    loader: 'css',
    minify: true,
    // Left as written: older targets would undo light-dark().
    target: 'chrome130',
  });
  await writeFile(
    new URL('page.ts', out),
    `export const pageScript = ${JSON.stringify(outputFiles[0]?.text ?? '')};\nexport const pageStyle = ${JSON.stringify(style.code)};\n`,
  );
}

/**
 * The matcher language is judged by name at run time, so its types say no more than "an object"; and the type
 * generator trips over properties that are called anyOf and not.
 */
function withoutMatchers(schema: JSONSchema): JSONSchema {
  const copy = structuredClone(schema);
  for (const name of ['matcher', 'matchers', 'textMatcher', 'expectation', 'condition']) {
    const definitions = copy['$defs'] as Record<string, unknown> | undefined;
    if (definitions?.[name] !== undefined) {
      definitions[name] = { tsType: name.endsWith('atcher') ? 'unknown' : 'Record<string, unknown>' };
    }
  }
  return copy;
}

if (process.argv[1]?.endsWith('generate.ts') === true) await generate();
