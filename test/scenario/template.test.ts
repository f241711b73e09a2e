import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import type { Context } from '../../src/scenario/template/context.ts';
import {
  renderCommand,
  renderFixRun,
  renderText,
  renderValue,
  usesOf,
} from '../../src/scenario/template/render.ts';
import { TemplateError } from '../../src/scenario/template/template-error.ts';
import { quote, quoteIfNeeded } from '../../src/support/shell-quote.ts';

const evil = "x'; touch /tmp/owned; echo '$(id)";
const context: Context = {
  builder: { host: 'alpha', port: 22, usesSsh: true, systems: ['a', 'b'], empty: '', nothing: null },
  client: {},
  facts: { evil, nul: 'a\0b' },
  vars: {},
};

t.test('a shell reads back what was quoted, whatever it is', (t) => {
  const words = fc
    .sample(fc.string({ unit: 'binary', minLength: 0, maxLength: 40 }), { numRuns: 300, seed: 1 })
    .map((word) => word.replaceAll('\0', '').toWellFormed());
  const script = words
    .map((word) => `printf '%s\\0' ${quote(word)}; printf '%s\\0' ${quoteIfNeeded(word)}`)
    .join('\n');
  const read = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0');
  t.same(
    read.slice(0, -1),
    words.flatMap((word) => [word, word]),
  );
  t.throws(() => quote('a\0b'), RangeError);
  t.end();
});

t.test('in a shell command every value becomes one word', (t) => {
  const command = renderCommand('echo {{facts.evil}} {{builder.port}}', context) as string;
  t.equal(execFileSync('sh', ['-c', command], { encoding: 'utf8' }), `${evil} 22\n`);
  t.same(renderCommand(['echo', 'host={{builder.host}}', '{{facts.evil}}'], context), [
    'echo',
    'host=alpha',
    context.facts['evil'],
  ]);
  t.equal(renderCommand('echo {{builder.empty}} x', context), "echo '' x");
  t.end();
});

t.test('a fix for a person is quoted only where it must be', (t) => {
  t.equal(renderFixRun('chmod 600 {{builder.host}}', context), 'chmod 600 alpha');
  t.equal(renderFixRun('rm {{facts.evil}}', context), `rm ${quote(evil)}`);
  t.end();
});

t.test('a value is refused where quotes cannot make it safe', (t) => {
  for (const command of [
    'echo "{{builder.host}}"',
    "echo '{{builder.host}}'",
    'echo "$(cat "{{builder.host}}")"',
    'echo `cat {{builder.host}}`',
    'cat <<END\n{{builder.host}}\nEND',
    'true # {{builder.host}}',
    'echo {{{builder.host}}}',
    'echo {{&builder.host}}',
    '{{#if builder.host}}"{{/if}}',
    'echo {{> partial}}',
    'echo {{shout builder.host}}',
  ]) {
    t.throws(() => usesOf(command, 'shell'), TemplateError, command);
  }
  for (const command of [
    'echo "a" {{builder.host}}',
    'echo "$(cat {{builder.host}})"',
    "echo 'a'{{builder.host}}",
    'a=1 # c\necho {{builder.host}}',
  ]) {
    t.same(
      usesOf(command, 'shell').map(({ path }) => path),
      ['builder.host'],
      command,
    );
  }
  t.end();
});

t.test('a missing value is an error with its place, never nothing', (t) => {
  for (const [template, line, column] of [
    ['{{builder.hots}}', 1, 1],
    ['a\n  {{facts.none}}', 2, 3],
    ['{{builder.nothing}}', 1, 1],
    ['{{builder.systems}}', 1, 1],
    ['{{facts.nul}}', 1, 1],
    ['{{builder.host.length}}', 1, 1],
    ['{{constructor.name}}', 1, 1],
  ] as const) {
    try {
      renderText(template, context);
      t.fail(`${template} was rendered`);
    } catch (error) {
      t.ok(error instanceof TemplateError, template);
      t.match(error, { line, column }, template);
    }
  }
  t.throws(() => renderText('{{#if}', context), { code: 'template-syntax' });
  t.end();
});

t.test('blocks ask whether a value is there', (t) => {
  t.equal(
    renderText('a{{#if facts.none}} b{{else}} c{{/if}}{{#unless builder.empty}} d{{/unless}}', context),
    'a c d',
  );
  t.end();
});

t.test('one lone value keeps its type; in a pattern it matches only itself', (t) => {
  t.same(
    renderValue(
      { port: '{{builder.port}}', list: ['{{builder.systems}}'], text: 'p{{builder.port}}' },
      context,
    ),
    {
      port: 22,
      list: [['a', 'b']],
      text: 'p22',
    },
  );
  const { matches } = renderValue(
    { matches: '^{{builder.dots}}$' },
    { ...context, builder: { dots: 'a.b' } },
  ) as { matches: string };
  t.match('a.b', new RegExp(matches.replace('\\Q', '').replace('\\E', '')));
  t.not(matches, '^a.b$');
  t.end();
});
