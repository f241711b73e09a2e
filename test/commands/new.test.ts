import { readFileSync } from 'node:fs';
import t from 'tap';
import { cli } from './cli.ts';

t.test('a new scenario is valid as it stands', (t) => {
  const folder = t.testdir();
  const file = `${folder}/my-check.yaml`;
  t.match(cli('new', file), { code: 0, out: new RegExp(`lint ${file}`) });
  t.match(cli('lint', file), { code: 0, err: '1 file, 0 problems' });
  t.match(readFileSync(file, 'utf8'), /^# yaml-language-server: \$schema=\/.*scenario\.schema\.json\n/);
  t.match(cli('list', '-s', file), { code: 0, out: /my-check/ });
  t.match(cli('new', file), { code: 2, err: /EEXIST/ }, 'nothing is overwritten');
  t.match(cli('new', `${folder}/My Check.yaml`), { code: 2, err: /the scenario's id/ });
  t.match(cli('new', `${folder}/check`), { code: 2, err: /ends in \.yaml/ });
  t.end();
});

t.test('removing the cause of a hint, or an example, is found by lint', (t) => {
  const folder = t.testdir();
  const file = `${folder}/my-check.yaml`;
  cli('new', file);
  const text = readFileSync(file, 'utf8');
  for (const [what, change] of [
    ['the cause of a hint', (one: string) => one.replace(/ {4}cause: no-git.*\n/, '')],
    ['the example of a cause', (one: string) => one.replace(/.*cause: git-unclear\}\n$/, '')],
    ['the example that passes', (one: string) => one.replace(/.*outcome: pass\}\n/, '')],
    ['another cause', (one: string) => one.replace('cause: no-git  ', 'cause: none-git')],
  ] as const) {
    const changed = t.testdir({ 'my-check.yaml': change(text) });
    t.not(change(text), text);
    t.equal(cli('lint', `${changed}/my-check.yaml`).code, 2, what);
  }
  t.end();
});
