import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Report } from '../../src/generated/types.ts';
import { checkFormat, render, renderPieces } from '../../src/report/render.ts';
import { renderTemplate, templatePieces } from '../../src/report/template.ts';
import { readTap } from './read-tap.ts';
import { builder, check, everything, hostile, report } from './sample.ts';
import type { RenderOptions } from '../../src/report/render-options.ts';

const plain: RenderOptions = { color: false, verbosity: 0, width: 80 };
const reports: [string, Report][] = [
  ['plain', everything()],
  [
    'hostile',
    report(
      hostile.map((text, index) =>
        builder(`h${index}-${text.slice(0, 40)}`, everything(text).builders[1]?.checks ?? []),
      ),
      everything().clientChecks,
    ),
  ],
  ['without builders', report([], [check('fail', { cause: 'machines-file-bad-entry' })])],
];
const noFleet = process.env['NRBD_NO_FLEET'] ?? false;

/** The outcome words of every check, in order, as a test protocol can tell them. */
function expected({ clientChecks, builders }: Report): string[] {
  const words = {
    pass: 'ok',
    warn: 'ok',
    fail: 'not ok',
    error: 'not ok',
    blocked: 'skip',
    skip: 'skip',
  } as const;
  return [...clientChecks, ...builders.flatMap(({ checks }) => checks)].map(({ outcome }) => words[outcome]);
}

for (const [name, sample] of reports) {
  for (const format of ['tap', 'tap13'] as const) {
    t.test(
      `tap-parser, strict, reads ${format} of a ${name} report and tells the same outcomes`,
      async (t) => {
        const text = await render(sample, format, plain);
        const { points, problems, diagnostics } = readTap(text);
        t.same(problems, []);
        t.same(points, expected(sample));
        t.equal(
          diagnostics.length,
          [...sample.clientChecks, ...sample.builders.flatMap(({ checks }) => checks)].filter(({ outcome }) =>
            ['warn', 'fail', 'error'].includes(outcome),
          ).length,
        );
        t.match(text, format === 'tap' ? /^TAP version 14\n/ : /^TAP version 13\n/);
      },
    );
  }

  t.test(`prove reads tap13 of a ${name} report`, async (t) => {
    const file = join(t.testdir(), 'report.tap');
    writeFileSync(file, await render(sample, 'tap13', plain));
    const { status, stdout, stderr } = spawnSync('prove', ['--exec', 'cat', file], { encoding: 'utf8' });
    t.equal(status, 1, 'a red report is red');
    t.notMatch(stdout + stderr, /Parse errors|Bad plan|Unknown|we don't know/);
    const failedGroups = [{ checks: sample.clientChecks }, ...sample.builders].filter(({ checks }) =>
      checks.some(({ outcome }) => outcome === 'fail' || outcome === 'error'),
    ).length;
    t.match(stdout + stderr, `Failed ${failedGroups}/`);
    const green = join(t.testdirName, 'green.tap');
    writeFileSync(
      green,
      await render(report([builder('alpha', [check('pass'), check('skip')])]), 'tap13', plain),
    );
    t.equal(spawnSync('prove', ['--exec', 'cat', green]).status, 0, 'a green one is green');
  });

  for (const format of ['junit', 'junit-strict'] as const) {
    t.test(`xmllint reads ${format} of a ${name} report`, { skip: noFleet }, async (t) => {
      const file = join(t.testdir(), 'report.xml');
      writeFileSync(file, await render(sample, format, plain));
      const xpath = (query: string): string =>
        execFileSync('xmllint', ['--xpath', query, file], { encoding: 'utf8' }).trim();
      const count = (outcome: string): number =>
        [...sample.clientChecks, ...sample.builders.flatMap(({ checks }) => checks)].filter(
          (one) => one.outcome === outcome,
        ).length;
      t.equal(xpath('count(//testcase)'), String(expected(sample).length));
      t.equal(xpath('count(//failure)'), String(count('fail')));
      t.equal(xpath('count(//error)'), String(count('error')));
      t.equal(xpath('count(//skipped)'), String(count('skip') + count('blocked')));
      t.equal(xpath('sum(//testsuite/@failures)'), String(count('fail')));
      t.equal(xpath('sum(//testsuite/@tests)'), String(expected(sample).length));
    });
  }
}

const schemas = process.env['JUNIT_XSD_DIR'] ?? '';
const noSchemas = existsSync(join(schemas, 'ant-junit.xsd'))
  ? false
  : 'JUNIT_XSD_DIR does not name the folder with ant-junit.xsd and jenkins-junit-10.xsd';
for (const schema of ['ant-junit.xsd', 'jenkins-junit-10.xsd']) {
  for (const [name, sample] of reports) {
    t.test(
      `${schema} accepts junit-strict of a ${name} report`,
      { skip: noSchemas || noFleet },
      async (t) => {
        const file = join(t.testdir(), 'report.xml');
        writeFileSync(file, await render(sample, 'junit-strict', plain));
        const { status, stderr } = spawnSync(
          'xmllint',
          ['--noout', '--schema', join(schemas, schema), file],
          {
            encoding: 'utf8',
          },
        );
        t.equal(status, 0, stderr.slice(0, 2000));
      },
    );
  }
}

t.test('an independent validator accepts the JSON, and not a wrong one', { skip: noFleet }, async (t) => {
  const script =
    'import json,sys,jsonschema; s=json.load(open("schemas/report.schema.json")); jsonschema.Draft202012Validator.check_schema(s); jsonschema.Draft202012Validator(s).validate(json.load(sys.stdin))';
  const validate = (text: string): number | null =>
    spawnSync('/usr/bin/python3', ['-W', 'ignore', '-c', script], { input: text }).status;
  for (const [name, sample] of reports) t.equal(validate(await render(sample, 'json', plain)), 0, name);
  const wrong = { ...everything(), summary: { verdict: 'fine' } };
  t.not(validate(JSON.stringify(wrong)), 0);
});

t.test('JUnit: what failed is said in the first line of the body, and names are unique', async (t) => {
  const xml = await render(everything(), 'junit', plain);
  t.match(
    xml,
    '<failure type="key-too-open" message="plain">plain&#10;cause: key-too-open&#10;fix 1: on the client: plain: $ chmod 600 plain',
  );
  t.match(xml, 'file="specs/ssh/a.yaml" line="2"');
  t.match(xml, 'timestamp="2026-01-02T03:04:05"');
  t.match(await render(report([builder('a.b.c', [check('pass')])]), 'junit', plain), 'classname="a_b_c.ssh"');
  const names = [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"/g)].map(
    ([, a, b]) => `${a} ${b}`,
  );
  t.equal(new Set(names).size, names.length);
});

t.test('JUnit and CTRF: a test has the tags of its scenario', async (t) => {
  const sample = report([builder('alpha', [check('pass', { tags: ['disk', 'slow'] }), check('skip')])]);
  const xml = await render(sample, 'junit', plain);
  t.match(
    xml,
    /<testcase [^>]*name="pass-check: [^>]*>\n *<properties>\n *<property name="tags" value="disk,slow"\/>\n *<\/properties>\n/,
  );
  t.notMatch(xml, /name="skip-check: [^>]*>\n *<properties>/, 'no empty properties');
  t.notMatch(
    await render(sample, 'junit-strict', plain),
    'disk',
    'its schemas allow no properties of a test',
  );
  const { tests } = (
    JSON.parse(await render(sample, 'ctrf', plain)) as { results: { tests: { tags?: string[] }[] } }
  ).results;
  t.same(
    tests.map(({ tags }) => tags),
    [['disk', 'slow'], undefined],
  );
});

t.test('TAP: what is wrong comes with its cause and fix', async (t) => {
  const [, second] = readTap(await render(everything(), 'tap', plain)).diagnostics.slice(1) as Record<
    string,
    unknown
  >[];
  t.match(second, {
    message: 'plain',
    severity: 'fail',
    cause: 'key-too-open',
    fix: [
      'on the client: plain: $ chmod 600 plain',
      'on the builder: add to /etc/f: plain',
      'on the client: in /etc/f, replace plain with b',
    ],
    wanted: '0',
    exitcode: 255,
    at: { file: 'specs/ssh/a.yaml', line: 2 },
  });
});

t.test('no output carries a control character that it was given', async (t) => {
  for (const format of ['table', 'tap', 'tap13', 'junit', 'junit-strict']) {
    const text = await render(reports[1]?.[1] ?? everything(), format, { ...plain, verbosity: 3 });
    t.notMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe\uffff]/, format);
    t.ok(text.isWellFormed(), format);
  }
});

t.test('a template of our own escapes every value, and cannot be told not to', (t) => {
  t.equal(
    renderTemplate('{{a}} {{#each list}}<{{this}}>{{/each}}', (text) => text.toUpperCase(), {
      a: 'x',
      list: ['y'],
    }),
    'X <Y>',
  );
  t.throws(() => renderTemplate('{{{a}}}', String, { a: 1 }), SyntaxError);
  t.throws(() => renderTemplate('{{none.x}}', String, {}));
  t.end();
});

t.test('long outputs come in pieces, and are the same', async (t) => {
  for (const [name, sample] of reports)
    t.equal(await render(sample, 'json', plain), `${JSON.stringify(sample, null, 2)}\n`, name);
  const many = report(Array.from({ length: 40 }, (_, index) => builder(`b${index}`, [check('pass')])));
  const pieces = [...(await renderPieces(many, 'json', plain))];
  t.equal(pieces.join(''), `${JSON.stringify(many, null, 2)}\n`);
  t.ok(Math.max(...pieces.map(({ length }) => length)) < pieces.join('').length / 20);
  t.ok([...(await renderPieces(many, 'html', plain))].length > 80, 'rows, and what they open');
});

t.test('a template in pieces says what it says in one', (t) => {
  const template =
    '{{a}}{{#each list}}<{{name}}{{#each inner}}{{@index}}{{this}}{{/each}}>{{/each}}{{#if a}}{{#each list}}{{name}}{{/each}}{{/if}}{{#each none}}{{else}}-{{/each}}.';
  const view = {
    a: 'x\0',
    list: [
      { name: '0:\0', inner: ['p', 'q'] },
      { name: 'n', inner: [] },
    ],
    none: [],
  };
  const whole = renderTemplate(template, String, view);
  t.equal(whole, 'x\0<0:\x000p1q><n>0:\0n-.');
  t.equal([...templatePieces(template, String, view)].join(''), whole);
  t.end();
});

t.test('a format is a known name or a template that can be read', async (t) => {
  t.equal(checkFormat('tap'), null);
  t.equal(checkFormat('tapp'), 'there is no format "tapp"; did you mean tap?');
  t.match(checkFormat('pdf'), /there are: table, tap.*, PATH\.hbs$/);
  t.match(checkFormat('constructor'), /there is no format/);
  t.match(checkFormat('/no/such.hbs'), /cannot read/);
  const own = join(
    t.testdir({ 'own.hbs': '{{summary.verdict}}: {{#each builders}}{{name}} {{/each}}' }),
    'own.hbs',
  );
  t.equal(checkFormat(own), null);
  t.equal(await render(everything(), own, plain), 'degraded: alpha beta ');
});
