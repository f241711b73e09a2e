import { join } from 'node:path';
import t from 'tap';
import { readSuite } from '../../src/setup/suite.ts';
import { packageRoot } from '../../src/support/package-root.ts';
import { compile, type CompiledSuite, recall } from '../../src/scenario/compiled.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

const folder = join(packageRoot, 'specs');

/** All but the function that finds places within the file. */
function plain({ source: { file, line }, ...rest }: Scenario): unknown {
  return { ...rest, source: { file, line } };
}

t.test('the default suite is recalled from JSON as it was read', async (t) => {
  const { files, scenarios } = await readSuite({ spec: [], defaultSpecs: true });
  const compiled = JSON.parse(JSON.stringify(compile(folder, files, scenarios))) as CompiledSuite;
  const recalled = files.flatMap((file) => recall(compiled, folder, file) ?? []);
  const byId = (list: readonly Scenario[]): unknown[] =>
    list.toSorted((a, b) => a.id.localeCompare(b.id)).map(plain);
  t.ok(recalled.length > 30);
  t.strictSame(byId(recalled), byId(scenarios));
});

t.test('a file that was edited since, or is new, is not recalled', async (t) => {
  const { files, scenarios } = await readSuite({ spec: [], defaultSpecs: true });
  const compiled = compile(folder, files, scenarios);
  const [file] = files;
  if (file === undefined) throw new Error('the default suite has no file');
  t.not(recall(compiled, folder, file), null);
  t.equal(recall(compiled, folder, { ...file, text: `${file.text}\n` }), null);
  t.equal(recall(compiled, folder, { ...file, path: join(folder, 'nix/own.yaml') }), null);
});
