/** Writes src/generated: TypeScript types and ready-made validators from the JSON Schemas in schemas/. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { compile, type JSONSchema } from 'json-schema-to-typescript';

const root = new URL('../', import.meta.url);
const out = new URL('src/generated/', root);

async function generate(): Promise<void> {
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
  const exported: Record<string, string> = {};
  for (const file of files) {
    const name = file.replace('.schema.json', '');
    const schema = JSON.parse(await readFile(new URL(`schemas/${file}`, root), 'utf8')) as JSONSchema & { $id: string };
    ajv.addSchema(schema);
    exported[`validate${name[0]?.toUpperCase()}${name.slice(1)}`] = schema.$id;
    const types = await compile(schema, name, {
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      unreachableDefinitions: true,
      format: false,
      bannerComment: `/* Generated from schemas/${file} by scripts/generate.ts. */`,
    });
    await writeFile(new URL(`${name}.ts`, out), types);
  }
  const code = (standalone as unknown as { default: typeof standalone.default }).default(ajv, exported);
  await writeFile(new URL('validators.js', out), `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${code}`);
  const declarations = Object.keys(exported).map((name) => `export const ${name}: ValidateFunction;`);
  await writeFile(
    new URL('validators.d.ts', out),
    `import type { ValidateFunction } from 'ajv';\n${declarations.join('\n')}\n`,
  );
}

await generate();
