import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { readScenarioFiles } from '../../src/setup/suite.ts';
import { traps } from '../../src/machines/traps.ts';
import { probes } from '../../src/probes/index.ts';
import { checkExamples } from '../../src/scenario/examples.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import { checkSuite } from '../../src/scenario/suite.ts';

const files = await readScenarioFiles('specs');
const { scenarios, problems } = loadScenarios(files, { probes });
const hints = scenarios.flatMap((scenario) =>
  scenario.hint.map((hint) => ({ scenario: scenario.id, ...hint })),
);

t.test('the default suite is sound', (t) => {
  t.same(problems, []);
  t.same(checkSuite(scenarios), []);
  t.same(scenarios.flatMap(checkExamples), []);
  t.end();
});

t.test('it has every row of the program that this one follows, and its own ladder', (t) => {
  const ids = scenarios.map(({ id }) => id);
  for (const id of [
    ...['dns', 'matching-keys', 'connection', 'host-key', 'ssh-config', 'remote-build'],
    ...['nix-store-permissions', 'store-ping', 'local-to-remote-build', 'weighting'],
  ])
    t.ok(ids.includes(id), id);
  t.end();
});

t.test('the README lists every scenario', (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const listed = scenarios.filter(({ id }) => id !== 'this-store').map(({ id }) => id);
  for (const id of listed) t.match(readme, `\`${id}\``);
  t.end();
});

t.test('every cause has a fix, and every probe a scenario', (t) => {
  for (const { scenario, cause, fix } of hints) {
    t.type(cause, 'string', scenario);
    t.not(fix.length, 0, `${scenario}: ${cause}`);
  }
  const used = new Set(scenarios.map(({ probe }) => probe));
  for (const name of probes.keys()) t.ok(used.has(name), name);
  t.end();
});

/** Fixes that give a mode back which the kernel, udev's rules, Nix's installer and Nix's socket unit set. */
const opensAsInstalled = [
  'kvm-not-accessible',
  'nix-state-closed',
  'daemon-socket-closed',
  'dev-null-broken',
  'dev-null-closed',
  'dev-null-odd',
  'nix-program-not-runnable',
];

t.test('no hint weakens security, and what gives trust says so', (t) => {
  for (const { scenario, cause, fix } of hints) {
    const words = JSON.stringify(fix);
    const name = `${scenario}: ${cause}`;
    t.notMatch(
      words,
      /StrictHostKeyChecking(?! yes)|UserKnownHostsFile(?! ~\/\.ssh\/known_hosts)|PermitRootLogin|sandbox = false/,
      name,
    );
    if (!opensAsInstalled.includes(cause ?? ''))
      t.notMatch(words, /chmod [-R ]*(777|666|[0-7]?[0-7][4-7][4-7]\b|[ao]\+)/, name);
    if (/"trusted-users","add"/.test(words)) {
      t.match(words, /can become root/, name);
      t.match(words, /[Oo]r.*sign/, `${name} tells the other way`);
    }
  }
  t.end();
});

t.test('what depends on the system is left to the step that is printed for it', (t) => {
  const ofOneSystem =
    /\b(systemctl|journalctl|launchctl|rc-service|apt(-get)?|timedatectl|usermod|chsh)\b|[>]+ *\/etc\/nix\/nix\.conf|sed .*\/etc\/(nix\/nix\.conf|ssh\/sshd_config)/;
  t.match('echo a = b >> /etc/nix/nix.conf && systemctl restart nix-daemon', ofOneSystem);
  for (const { scenario, cause, fix } of hints) {
    for (const { run = '', module, edit } of fix) {
      // `module` says what NixOS has in place of the command.
      if (module === undefined) t.notMatch(run, ofOneSystem, `${scenario}: ${cause}`);
      t.notMatch(edit?.file ?? '', /builder\.file|nix\.conf$|sshd?_config$/, `${scenario}: ${cause}`);
    }
  }
  t.end();
});

t.test('a cause means the same in every scenario that names it', (t) => {
  const stages = new Map<string, Set<string>>();
  for (const { id, hint } of scenarios)
    for (const { cause = '' } of hint) stages.set(cause, (stages.get(cause) ?? new Set()).add(id));
  for (const cause of stages.keys()) t.match(cause, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  t.end();
});

t.test('ids are the names of the files', (t) => {
  for (const { id, source } of scenarios) t.equal(`${id}.yaml`, basename(source.file));
  t.end();
});

t.test('taking any cause out of any hint, or any example away, is found', (t) => {
  for (const scenario of scenarios) {
    scenario.hint.forEach((hint, index) => {
      const without = scenario.hint.map((one, at) => {
        const { cause: _cause, ...rest } = one;
        return at === index ? rest : one;
      });
      t.not(checkExamples({ ...scenario, hint: without }).length, 0, `${scenario.id}: ${hint.cause}`);
      const examples = scenario.examples.filter(({ cause }) => cause !== hint.cause);
      t.not(checkExamples({ ...scenario, examples }).length, 0, `${scenario.id}: examples of ${hint.cause}`);
    });
  }
  t.end();
});

t.test('whatever a trap of the machines file leaves to a check stops builds there', (t) => {
  for (const { code, judgedBy, because } of traps) {
    t.match(because, /^\S.*\.$/, code);
    if (judgedBy !== undefined)
      t.equal(scenarios.find(({ id }) => id === judgedBy)?.severity, 'error', `${code}: ${judgedBy}`);
  }
  t.end();
});
