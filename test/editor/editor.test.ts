import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { LanguageServer } from './language-server.ts';

interface Diagnostic {
  message: string;
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
}

t.setTimeout(120_000);

const schema = resolve('schemas/scenario.schema.json');
const head = `# yaml-language-server: $schema=${pathToFileURL(schema).href}\n`;

t.test('an editor completes, explains and underlines, from the line that names the schema', async (t) => {
  const server = await LanguageServer.start();
  t.teardown(() => server.stop());
  let version = 0;
  const open = async (text: string): Promise<{ uri: string; diagnostics: Diagnostic[] }> => {
    version += 1;
    const uri = pathToFileURL(`${t.testdir()}/check${version}.yaml`).href;
    let diagnostics: Diagnostic[] = [];
    const told = server.notice('textDocument/publishDiagnostics', (params) => {
      const published = params as { uri: string; diagnostics: Diagnostic[] };
      diagnostics = published.diagnostics;
      return published.uri === uri;
    });
    const languageId = 'yaml';
    server.tell('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
    await told;
    return { uri, diagnostics };
  };

  await t.test('a typo is underlined where it is', async (t) => {
    const { diagnostics } = await open(
      `${head}title: a\ncommand: x\nexpct: {exitCode: 0}\nexpect: {exitCode: 0}\n`,
    );
    const typo = diagnostics.find(({ message }) => message.includes('expct'));
    t.match(typo, { range: { start: { line: 3, character: 0 }, end: { line: 3, character: 5 } } });
    const wrong = await open(`${head}title: a\ncommand: x\nseverity: fatal\nexpect: {exitCode: 0}\n`);
    t.match(wrong.diagnostics, [{ range: { start: { line: 3, character: 10 } } }]);
  });

  await t.test('the default suite and the README’s example are clean', async (t) => {
    const readme = readFileSync('README.md', 'utf8');
    const example =
      /^```yaml\n# room\.yaml\n(# yaml-language-server[^\n]*\n)([^]*?)^```$/m.exec(readme)?.[2] ?? '';
    t.not(example, '');
    t.same((await open(head + example)).diagnostics, []);
    const specs = readdirSync('specs', { recursive: true, encoding: 'utf8' });
    for (const name of specs.filter((path) => path.endsWith('.yaml'))) {
      const text = readFileSync(`specs/${name}`, 'utf8').replace(/^.*\n/, head);
      t.same((await open(text)).diagnostics, [], name);
    }
  });

  await t.test('keys are completed', async (t) => {
    const { uri } = await open(`${head}title: a\ncommand: x\nexpect: {exitCode: 0}\n\n`);
    const answer = await server.ask('textDocument/completion', {
      textDocument: { uri },
      position: { line: 4, character: 0 },
    });
    const labels = (answer as { items: { label: string }[] }).items.map(({ label }) => label);
    for (const key of [
      'each',
      'hint',
      'severity',
      'effect',
      'needs',
      'when',
      'timeout',
      'examples',
      'cleanup',
    ])
      t.ok(labels.includes(key), key);
    t.notOk(labels.includes('title'), 'what is there already is not offered');
  });

  await t.test('a key is explained', async (t) => {
    const { uri } = await open(`${head}title: a\ncommand: x\nseverity: warning\nexpect: {exitCode: 0}\n`);
    const answer = await server.ask('textDocument/hover', {
      textDocument: { uri },
      position: { line: 3, character: 2 },
    });
    t.match(JSON.stringify(answer), /The result of a missed expectation/);
  });
});
