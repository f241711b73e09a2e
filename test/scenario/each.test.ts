import t from 'tap';
import { EachError, expandEach } from '../../src/scenario/each.ts';
import { lintScenarios } from '../../src/scenario/lint.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

function suite(text: string): Scenario[] {
  const { scenarios, problems } = loadScenarios([{ path: 'suite.yaml', text }], { probes: null });
  t.same(problems, []);
  return scenarios;
}

function problemsOf(text: string): { code: string; what: string }[] {
  return lintScenarios([{ path: 'suite.yaml', text }], [], new Map());
}

const tools = `
id: has-tool
title: "{{each.user}} has {{each.tool}}"
each: {tool: [git, curl], user: [root, nix]}
command: [command, -v, "{{each.tool}}"]
expect: {exitCode: 0}
says: "{{each.user}} lacks {{each.tool}}"
examples:
  - {exitCode: 0}
  - {exitCode: 1, each: {tool: curl}, outcome: fail}
---
id: after
title: After all
needs: [has-tool]
command: x
expect: {exitCode: 0}
---
id: after-one
title: After one
needs: ["has-tool[git,nix]"]
command: x
expect: {exitCode: 0}
`;

t.test('each combination is a check of its own', (t) => {
  const all = expandEach(suite(tools), {});
  const ids = ['has-tool[git,root]', 'has-tool[git,nix]', 'has-tool[curl,root]', 'has-tool[curl,nix]'];
  t.same(
    all.map(({ id }) => id),
    [...ids, 'after', 'after-one'],
  );
  t.equal(all[1]?.title, 'nix has git');
  t.same(all[1]?.eachValues, { tool: 'git', user: 'nix' });
  t.equal(all[1]?.each, undefined);
  t.same(all[4]?.needs, ids, 'who needs the scenario needs all');
  t.same(all[5]?.needs, ['has-tool[git,nix]']);
  t.same(problemsOf(tools), []);
  t.end();
});

t.test('values of a variable, as a list or as words', (t) => {
  const one = "id: x\ntitle: Works\neach: {tool: vars.tools}\ncommand: 'true'\nexpect: {exitCode: 0}\n";
  const idsFor = (vars: Parameters<typeof expandEach>[1]): string[] =>
    expandEach(suite(one), vars).map(({ id, title }) => `${id} ${title}`);
  const two = ['x[git] Works (git)', 'x[7] Works (7)'];
  t.same(idsFor({ tools: ['git', 7] }), two);
  t.same(idsFor({ tools: 'git, 7' }), two);
  t.same(idsFor({ tools: 'git git' }), ['x[git] Works (git)'], 'one of a kind');
  t.throws(
    () => idsFor({}),
    new EachError('x: "each" needs the variable "tools"; give it with --var tools=VALUE,VALUE'),
  );
  t.throws(() => idsFor({ tools: ' , ' }), /the variable "tools" has no values/);
  t.throws(() => idsFor({ tools: ['a]b'] }), /contains a bracket/);
  t.throws(() => idsFor({ tools: ['a\u001b[2J'] }), /control character/);
  t.throws(
    () => idsFor({ tools: Array.from({ length: 1001 }, (_, index) => index) }),
    /more than 1000 checks/,
  );
  t.throws(() => expandEach(suite(one), JSON.parse('{"__proto__": {"tools": 1}}') as never), EachError);
  t.end();
});

t.test('a need that is no instance', (t) => {
  const wrong = tools.replace('has-tool[git,nix]', 'has-tool[git,bob]');
  t.throws(
    () => expandEach(suite(wrong), {}),
    /no check is called "has-tool\[git,bob\]"; there are: has-tool\[git,root\]/,
  );
  t.match(problemsOf(tools.replace('needs: [has-tool]', 'needs: [has-tols]')), [{ code: 'unknown-need' }]);
  t.match(problemsOf(tools.replace('"has-tool[git,nix]"', '"other[git,nix]"')), [{ code: 'unknown-need' }]);
  t.end();
});
