import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { builderContext, clientContext, storeUri, usesSsh } from '../../src/engine/context.ts';
import { buildersLike } from '../../src/engine/names.ts';
import {
  filtersOf,
  refuseUnmatched,
  SelectionError,
  selectBuilders,
  selectScenarios,
} from '../../src/engine/plan.ts';
import { uniqueNames } from '../../src/engine/names.ts';
import { run } from '../../src/engine/run.ts';
import type { RunInput } from '../../src/engine/run-input.ts';
import type { Report, ReportCheck } from '../../src/generated/types.ts';
import { type Builder, parseMachines } from '../../src/machines/index.ts';
import { type Probe } from '../../src/probes/probe.ts';
import type { ReportEvent } from '../../src/report/events.ts';
import { builderNames, clientNames } from '../../src/scenario/known-names.ts';
import { loadScenarios } from '../../src/scenario/load.ts';
import { orderByNeeds } from '../../src/scenario/order.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { clientTransport } from '../../src/transport/local-process.ts';
import { clientView as client } from '../probes/helpers.ts';
import { env } from '../connection/sshd.ts';
import { CannotObserve, doesNotApply } from '../../src/support/cannot-observe.ts';

function builders(...lines: string[]): Builder[] {
  return parseMachines(lines.join('\n'), {
    nixVersion: '2.34.8',
    system: 'x86_64-linux',
    readFile: () => null,
  }).builders;
}

function suite(text: string): Scenario[] {
  const { scenarios, problems } = loadScenarios([{ path: 'suite.yaml', text }], { probes: null });
  t.same(problems, []);
  return orderByNeeds(scenarios);
}

/** What a test changes of an ordinary run. */
interface Changes {
  builders?: Builder[];
  probes?: RunInput['suite']['probes'];
  vars?: RunInput['suite']['vars'];
  waivers?: NonNullable<RunInput['suite']['waivers']>;
  readOnly?: boolean;
  signal?: AbortSignal;
}

async function runSuite(
  text: string,
  changes: Changes = {},
): Promise<{ report: Report; events: ReportEvent[]; check: (id: string, builder?: number) => ReportCheck }> {
  const events: ReportEvent[] = [];
  const { builders: fleet = builders('alpha'), probes = new Map(), vars = {}, waivers = [] } = changes;
  const report = await run({
    tool: { name: 'test', version: '0' },
    client: { view: client, transport: clientTransport({ env }) },
    fleet: { builders: fleet, diagnostics: [], effective: [], access: () => undefined },
    suite: { scenarios: suite(text), probes, vars, waivers },
    limits: { jobs: 4, readOnly: changes.readOnly ?? false },
    output: { notes: [], emit: (event) => events.push(event), redact: (value) => value },
    signal: changes.signal ?? new AbortController().signal,
  });
  const check = (id: string, builder = 0): ReportCheck => {
    const found = [...report.clientChecks, ...(report.builders[builder]?.checks ?? [])].find(
      ({ scenario }) => scenario === id,
    );
    if (found === undefined) throw new Error(`no check ${id}`);
    return found;
  };
  return { report, events, check };
}

/** A scenario on the client, in one line. */
function one(id: string, command: string, more = ''): string {
  return `---\nid: ${id}\ntitle: ${id}\ntarget: client\ncommand: ${JSON.stringify(command)}\nexpect: {exitCode: 0}\n${more}`;
}

t.test('what failed blocks all that needs it, and is named as the one to correct first', async (t) => {
  const { report, check } = await runSuite(
    one('a', 'exit 3') +
      one('b', 'true', 'needs: [a]\n') +
      one('c', 'true', 'needs: [b]\n') +
      one('d', 'true'),
  );
  t.match(check('a'), { outcome: 'fail', message: 'exitCode is 3, expected 0' });
  t.match(check('b'), { outcome: 'blocked', blockedBy: 'a' });
  t.match(check('c'), { outcome: 'blocked', blockedBy: 'a' });
  t.match(check('d'), { outcome: 'pass' });
  t.match(report.summary, { verdict: 'unhealthy', checks: { pass: 1, fail: 1, blocked: 2 } });
  t.equal(report.builders[0]?.rootCause?.scenario, 'a');
});

t.test('facts go to those that need them', async (t) => {
  const { check } = await runSuite(
    one('host', 'echo name=x', "capture: {name: {from: stdout, matches: 'name=(.)'}}\n") +
      one('use', 'test {{facts.name}} = x', 'needs: [host]\nsays: "it is {{facts.name}}"\n'),
  );
  t.match(check('use'), { outcome: 'pass', message: 'it is x' });
});

t.test('the same question is asked once, and judged by each that asks it', async (t) => {
  const count = t.testdir({ count: '' });
  const command = `echo x >> ${count}/count; exit 1`;
  const { check } = await runSuite(
    one('a', command) + one('b', command).replace('exitCode: 0', 'exitCode: 1'),
  );
  t.equal(readFileSync(`${count}/count`, 'utf8'), 'x\n');
  t.same([check('a').outcome, check('b').outcome], ['fail', 'pass']);
});

t.test('advice passes, holds nothing up, has its fix printed, and a waiver takes it away', async (t) => {
  const text =
    one(
      'a',
      'exit 1',
      'severity: advice\nhint: [{cause: c, says: so, fix: [{on: client, service: {name: nix-daemon, action: restart}}]}]\n',
    ) + one('b', 'true', 'needs: [a]\n');
  const { report, check } = await runSuite(text);
  t.match(check('a'), { outcome: 'pass', message: 'so', advice: { cause: 'c', message: 'so' } });
  t.ok(check('a').advice?.fix[0]?.for, 'in the form that is typed');
  t.equal(check('b').outcome, 'pass');
  t.equal(report.summary.verdict, 'healthy');
  const waived = await runSuite(text, { waivers: [{ scenario: 'a', reason: 'known' }] });
  t.equal(waived.check('a').outcome, 'pass');
  t.equal(waived.check('a').advice, undefined);
});

t.test('a condition on a fact that is not known is no reason to skip in silence', async (t) => {
  const gives = (exit: number, more = ''): string =>
    one(
      'gives',
      `echo x=1; exit ${exit}`,
      `severity: warning\ncapture: {x: {from: stdout, matches: 'x=(.)'}}\n${more}`,
    );
  const takes = one('takes', 'true', "needs: [gives]\nwhen: {facts.x: '1'}\n");
  t.equal((await runSuite(gives(0) + takes)).check('takes').outcome, 'pass');
  const unknown = await runSuite(gives(1) + takes);
  t.match(unknown.check('takes'), {
    outcome: 'error',
    message: 'could not be measured: the check gives does not tell',
  });
  const skipped = await runSuite(gives(0, 'when: {builder.scheme: none}\n') + takes);
  t.match(skipped.check('takes'), { outcome: 'skip', unmeasured: 'the check gives was left out' });
  const alone = await runSuite(one('takes', 'true', "when: {facts.x: '1'}\n"));
  t.match(
    alone.check('takes'),
    { outcome: 'skip', unmeasured: 'a check that it needs was left out' },
    'as with --skip',
  );
  t.equal(skipped.report.summary.verdict, 'healthy');
  t.match(skipped.report.summary.unmeasured, [{ reason: 'the check gives was left out', checks: 1 }]);
});

t.test('what needs a fact that is false says why it could not be measured', async (t) => {
  const gives = (unmeasured: string): string =>
    `---\nid: gives\ntitle: gives\ntarget: client\ncommand: echo '{"x":false}'\nexpect: {exitCode: 0}\ncapture: {x: {from: stdout, pointer: /x${unmeasured}}}\n`;
  const takes = one('takes', 'true', 'needs: [gives]\nwhen: {facts.x: true}\n');
  const told = await runSuite(gives(', unmeasured: no shell') + takes);
  t.match(told.check('takes'), { outcome: 'skip', unmeasured: 'no shell' });
  const plain = await runSuite(gives('') + takes);
  t.equal(plain.check('takes').unmeasured, undefined);
  t.match(plain.check('takes').message, /^does not apply/);
});

t.test('a retry asks again, and the report says how often', async (t) => {
  const folder = t.testdir();
  const { check } = await runSuite(
    one('a', `test -e ${folder}/f || { touch ${folder}/f; exit 1; }`, 'retry: {attempts: 3, delay: 10ms}\n'),
  );
  t.match(check('a'), { outcome: 'pass', attempts: 2 });
});

t.test('a retry for one kind of miss leaves every other as it is', async (t) => {
  const folder = t.testdir();
  const flaky = (word: string): string =>
    `test -e ${folder}/${word} || { touch ${folder}/${word}; echo ${word} >&2; exit 1; }`;
  const retry = 'retry: {attempts: 3, delay: 10ms, when: {stderr: {contains: busy}}}\n';
  const { check } = await runSuite(one('a', flaky('busy'), retry) + one('b', flaky('broken'), retry));
  t.match(check('a'), { outcome: 'pass', attempts: 2 });
  t.match(check('b'), { outcome: 'fail', attempts: undefined });
});

t.test('a check cleans up after itself, however it ended', async (t) => {
  const folder = t.testdir();
  const cleanup = `cleanup: [{on: client, command: 'echo {{check.nonce}} >> ${folder}/cleaned'}]\n`;
  const made = `echo {{check.nonce}} >> ${folder}/made`;
  const { check } = await runSuite(
    one('good', made, cleanup) +
      one('bad', `${made}; exit 1`, cleanup) +
      one('late', `${made}; sleep 60`, `${cleanup}timeout: 200ms\n`) +
      one('again', `${made}; exit 1`, `${cleanup}retry: {attempts: 2, delay: 1ms}\n`),
  );
  t.same([check('good').outcome, check('bad').outcome, check('late').outcome], ['pass', 'fail', 'fail']);
  const words = (name: string): string[] =>
    readFileSync(`${folder}/${name}`, 'utf8').trim().split('\n').sort();
  t.same(words('cleaned'), words('made'));
  t.equal(new Set(words('made')).size, 5, 'each attempt of each check has a word of its own');
});

t.test('a command gets its input, variables, folder and user', async (t) => {
  const { check } = await runSuite(
    one(
      'input',
      'cat',
      'stdin: "one {{client.hostname}}\\ntwo"\ncapture: {seen: {from: stdout, matches: "(?s)^(.*)$"}}\nsays: "{{facts.seen}}"\n',
    ) +
      one(
        'variables',
        'test "$A" = "it\'s "{{vars.word}} && test "$B" = 5',
        `env: {A: "it's {{vars.word}}", B: 5}\n`,
      ) +
      one('folder', 'test "$(pwd)" = /usr/bin', 'cwd: /usr/bin\n') +
      one('no-folder', 'true', 'cwd: "/no/such $(exit 3)"\n') +
      one('all', 'test "$PWD $A $(cat)" = "/usr/bin x y"', 'cwd: /usr/bin\nenv: {A: x}\nstdin: y\n') +
      '---\nid: words\ntitle: words\ntarget: client\ncommand: [sh, -c, "test \\"$1\\" = \\"$A\\"", sh, "a b"]\nenv: {A: a b}\nexpect: {exitCode: 0}\n',
    { vars: { word: 'so "$HOME"' } },
  );
  for (const id of ['input', 'variables', 'folder', 'all', 'words'])
    t.match(check(id), { outcome: 'pass' }, id);
  t.equal(check('input').message, `one ${client.hostname}\ntwo`);
  t.match(check('no-folder'), { outcome: 'fail', observation: { exitCode: 125, stderr: /\/no\/such/ } });
});

t.test(
  'a command runs as another user, who must be there',
  { skip: process.getuid?.() === 0 ? false : 'only root can become another user without asking' },
  async (t) => {
    const { check } = await runSuite(
      one(
        'other',
        'test "$(id -un) $A $(pwd)" = "nobody x /usr/bin"',
        'user: nobody\nenv: {A: x}\ncwd: /usr/bin\n',
      ) +
        one('same', 'test "$(id -un)" = root', 'user: root\n') +
        one('nobody-at-all', 'true', 'user: no-such-user\n'),
    );
    t.match(check('other'), { outcome: 'pass' });
    t.match(check('same'), { outcome: 'pass' });
    t.match(check('nobody-at-all'), { outcome: 'fail', observation: { exitCode: 125 } });
  },
);

t.test('what must be set up is, before the command, and taken away afterwards', async (t) => {
  const folder = t.testdir({});
  const step = (command: string): string => `{on: client, command: ${JSON.stringify(command)}}`;
  const { check } = await runSuite(
    one(
      'ready',
      `test "$(cat ${folder}/ready)" = 12`,
      `setup: [${step(`printf 1 > ${folder}/ready`)}, ${step(`printf 2 >> ${folder}/ready`)}]\ncleanup: [${step(`rm ${folder}/ready`)}]\n`,
    ) +
      one(
        'not-ready',
        `touch ${folder}/ran`,
        `setup: [${step('echo no room >&2; exit 4')}, ${step(`touch ${folder}/later`)}]\ncleanup: [${step(`touch ${folder}/cleaned`)}]\n`,
      ),
  );
  t.match(check('ready'), { outcome: 'pass' });
  t.match(check('not-ready'), { outcome: 'error', message: /could not be set up on the client: no room/ });
  t.same(readdirSync(folder), ['cleaned']);
});

t.test('a cleanup goes on when the run is interrupted', async (t) => {
  const folder = t.testdir();
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  await runSuite(one('a', 'sleep 60', `cleanup: [{on: client, command: 'touch ${folder}/cleaned'}]\n`), {
    signal: stop.signal,
  });
  t.ok(existsSync(`${folder}/cleaned`));
});

t.test('what another check can judge better is left out, and holds nothing up', async (t) => {
  const probe = {
    name: 'odd',
    parameters: [],
    required: [],
    observe: () => Promise.reject(new CannotObserve(doesNotApply, 'left to the login')),
  };
  const { check } = await runSuite(
    '---\nid: a\ntitle: a\ntarget: client\nprobe: odd\nexpect: {value: 1}\n' +
      one('b', 'true', 'needs: [a]\n'),
    { probes: new Map([['odd', probe]]) },
  );
  t.match(check('a'), { outcome: 'skip', message: 'left to the login' });
  t.match(check('b'), { outcome: 'pass' });
});

t.test('a timeout ends the command and all that it started', async (t) => {
  const marker = '16.180339';
  const { check } = await runSuite(one('a', `sleep ${marker} & sleep ${marker}`, 'timeout: 200ms\n'));
  t.match(check('a'), { outcome: 'fail', observation: { timedOut: true, exitCode: null } });
  const left = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker);
    } catch {
      return false;
    }
  });
  t.same(left, []);
});

t.test('what cannot be measured is an error, and the others go on', async (t) => {
  const { report, check } = await runSuite(
    one('a', 'true').replace('command: "true"', 'command: [/no/such/program]') +
      one('b', 'true') +
      one('c', 'echo {{vars.none}}'),
  );
  t.match(check('a'), { outcome: 'error', observation: { error: { code: 'spawn' } } });
  t.match(check('b'), { outcome: 'pass' });
  t.match(check('c'), { outcome: 'error', message: /vars\.none/ });
  t.equal(report.builders[0]?.verdict, 'unhealthy');
});

t.test(
  'probes of every builder are given one and the same list, so that what they find out of it can be kept',
  async (t) => {
    const lists = new Set<unknown>();
    const external: Builder = { ...(builders('c')[0] as Builder), uri: 'external:c', scheme: 'external' };
    const all = [...builders('a', 'b'), external];
    const looks: Probe = {
      name: 'looks',
      parameters: [],
      required: [],
      observe: (_parameters, context) => {
        lists.add(context.machines.builders);
        return Promise.resolve({ value: context.machines.builders.map(({ uri }) => uri) });
      },
    };
    const { check } = await runSuite(
      '---\nid: one\ntitle: one\ntarget: client\nprobe: looks\nexpect: {value: [ssh://a, ssh://b]}\n',
      { builders: all, probes: new Map([['looks', looks]]) },
    );
    t.match(check('one', 1), { outcome: 'pass' });
    t.equal(lists.size, 1);
  },
);

t.test('a probe tells what it cannot observe, and a bug of ours is shown whole', async (t) => {
  const probe = (
    name: string,
    error: Error,
  ): [string, { name: string; parameters: string[]; required: string[]; observe: () => Promise<never> }] => [
    name,
    { name, parameters: [], required: [], observe: () => Promise.reject(error) },
  ];
  const probes = new Map([
    probe('p', new CannotObserve('no-sight', 'dark')),
    probe('q', new TypeError('oops')),
  ]);
  const scenario = (name: string): string =>
    `---\nid: ${name}\ntitle: ${name}\ntarget: client\nprobe: ${name}\nexpect: {value: {x: 1}}\n`;
  const { check } = await runSuite(scenario('p') + scenario('q'), { probes });
  t.match(check('p').observation, { probe: 'p', error: { code: 'no-sight', message: 'dark' } });
  t.match(check('q').observation?.error, { code: 'internal', message: /TypeError: oops\n\s+at / });
});

t.test(
  'what does not apply, or changes something in a read-only run, is skipped with the reason',
  async (t) => {
    const text =
      one('a', 'true', 'when: {builder.host: beta}\n') +
      one('b', 'true', 'effect: store\n') +
      one('c', 'true', 'needs: [a]\n');
    const { check, report } = await runSuite(text, { readOnly: true });
    t.match(check('a'), { outcome: 'skip', message: /builder\.host is "alpha"/ });
    t.match(check('b'), { outcome: 'skip', message: /--read-only/ });
    t.match(check('c'), { outcome: 'pass' });
    t.equal(report.summary.verdict, 'healthy');
  },
);

t.test('a check on the client is made once, and blocks the builders that need it', async (t) => {
  const text = one('here', 'exit 1', 'per: client\n') + one('there', 'true', 'needs: [here]\n');
  const { report } = await runSuite(text, { builders: builders('alpha', 'beta') });
  t.equal(report.clientChecks.length, 1);
  t.same(
    report.builders.map(({ rootCause, checks }) => [
      rootCause?.scenario,
      checks.map(({ outcome }) => outcome),
    ]),
    [
      ['here', ['blocked']],
      ['here', ['blocked']],
    ],
  );
});

t.test('a run that is interrupted tells what is known so far', async (t) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 2000);
  const started = performance.now();
  const { report, check } = await runSuite(
    one('a', 'true') + one('b', 'sleep 14.142135', 'needs: [a]\n') + one('c', 'true', 'needs: [b]\n'),
    { signal: controller.signal },
  );
  t.ok(performance.now() - started < 8000);
  t.equal(report.interrupted, true);
  t.equal(check('a').outcome, 'pass');
  t.equal(check('b').outcome, 'error');
  t.equal(check('c').outcome, 'blocked');
});

t.test('a run that its deadline ends says so', async (t) => {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(new Error('the run reached its deadline')), 300);
  const { report, check } = await runSuite(one('long', 'sleep 60'), { signal: deadline.signal });
  t.match(check('long'), { outcome: 'error', message: /reached its deadline/ });
  t.equal(report.interrupted, true);
});

t.test('what was never begun is not called healthy', async (t) => {
  const { report, check } = await runSuite(one('a', 'true'), { signal: AbortSignal.abort() });
  t.match(check('a'), { outcome: 'error', message: 'the run was interrupted' });
  t.equal(report.summary.verdict, 'unhealthy');
});

t.test('events tell the story in order', async (t) => {
  const { events } = await runSuite(one('a', 'true'));
  t.same(
    events.map(({ type }) => type),
    ['run-started', 'check-started', 'check-finished', 'builder-finished', 'run-finished'],
  );
});

t.test('a command on a builder that is not reached by ssh is an error, not a pass', async (t) => {
  const { check } = await runSuite('title: a\ncommand: "true"\nexpect: {exitCode: 0}\n');
  t.match(check('suite'), { outcome: 'error', observation: { error: { code: 'no-ssh' } } });
});

t.test('builders have names that tell them apart', (t) => {
  t.same(uniqueNames(builders('a', 'ssh://b', 'ssh-ng://b', 'c', 'c', '/x')), [
    'a',
    'ssh://b',
    'ssh-ng://b',
    'ssh://c #4',
    'ssh://c #5',
    'local:///x',
  ]);
  t.end();
});

t.test('templates know every name that they are promised', (t) => {
  const [builder] = builders('ssh-ng://u@alpha');
  if (builder === undefined) throw new Error('no builder');
  const known = builderContext(builder);
  for (const name of builderNames) t.ok(name in known, name);
  for (const name of clientNames) t.ok(name in clientContext(client), name);
  t.end();
});

t.test("the store URI carries the entry's key and host key", (t) => {
  const [plain, full, local] = builders('ssh-ng://a', 'ssh-ng://u@a - /my+key 1 1 - - c3NoLQ==', 'localhost');
  t.same(
    [plain, full].map((builder) => builder && storeUri(builder)),
    ['ssh-ng://a', 'ssh-ng://u@a?ssh-key=%2Fmy%2Bkey&base64-ssh-public-host-key=c3NoLQ%3D%3D'],
  );
  t.same(
    [plain, local].map((builder) => builder && usesSsh(builder)),
    [true, false],
  );
  t.end();
});

const nothing = { include: [], exclude: [], test: [], skip: [], stage: [], tag: [], skipTag: [] };

t.test('builders are chosen by host, user and host, or URI', (t) => {
  const all = builders('ssh-ng://nix@a', 'b', 'c');
  const names = (more: { include?: string[]; exclude?: string[] }): string[] =>
    selectBuilders(all, filtersOf(all, { ...nothing, ...more })).map(({ host }) => host);
  t.same(names({}), ['a', 'b', 'c']);
  t.same(names({ include: ['nix@a', 'ssh://b'] }), ['a', 'b']);
  t.same(names({ exclude: ['b'] }), ['a', 'c']);
  t.same(names({ exclude: ['d'] }), ['a', 'b', 'c'], 'a builder that is gone needs no exclusion');
  t.same(names({ include: ['d'] }), [], 'never all of them');
  t.throws(() => refuseUnmatched(filtersOf(all, { include: ['d'], exclude: [] }), all), SelectionError);
  t.doesNotThrow(() => refuseUnmatched(filtersOf(all, { include: ['a'], exclude: ['d'] }), all));
  t.end();
});

t.test('builders are chosen by a part of the name or a pattern; a whole name goes first', (t) => {
  const all = builders('ssh-ng://nix@mac', 'ssh://mac-2.example.org', 'ssh://nix@arm-1.example.org', 'arm-2');
  const named = (pattern: string): string[] => buildersLike(all, pattern).builders.map(({ host }) => host);
  t.same(named('mac'), ['mac']);
  t.same(named('ma'), ['mac', 'mac-2.example.org']);
  t.same(named('example'), ['mac-2.example.org', 'arm-1.example.org']);
  t.same(named('arm-?'), ['arm-2']);
  t.same(named('arm-?.*'), ['arm-1.example.org']);
  t.same(named('*mac*'), ['mac', 'mac-2.example.org']);
  t.same(named('nix@'), ['mac', 'arm-1.example.org']);
  t.same(named('nix@*'), ['mac', 'arm-1.example.org']);
  t.same(named('ssh-ng://'), ['mac'], 'of the URI');
  t.same(named('ssh'), [], 'the scheme is no part of a name');
  t.same(named('m.c'), [], 'a dot is a dot');
  t.same(named(''), []);
  t.same(named('*'), ['mac', 'mac-2.example.org', 'arm-1.example.org', 'arm-2']);
  const again = builders('ssh-ng://u@a?compress=true', 'ssh-ng://u@a');
  t.same(
    buildersLike(again, 'ssh-ng://u@a?compress=true').builders.map(({ uri }) => uri),
    ['ssh-ng://u@a?compress=true'],
    'a question mark of the URI itself',
  );
  t.end();
});

t.test('a chosen scenario brings what it needs', (t) => {
  const all = suite(one('a', 'true') + one('b', 'true', 'needs: [a]\n') + one('c', 'true', 'stage: build\n'));
  const ids = (more: object): string[] => selectScenarios(all, { ...nothing, ...more }).map(({ id }) => id);
  t.same(ids({ test: ['b'] }), ['a', 'b']);
  t.same(ids({ stage: ['build'] }), ['c']);
  t.same(ids({ skip: ['a'] }), ['b', 'c']);
  t.throws(() => ids({ test: ['z'] }), SelectionError);
  t.throws(() => ids({ stage: ['nixx'] }), SelectionError);
  t.throws(() => ids({ test: ['a'], skip: ['a'] }), SelectionError, 'no check is no health');
  t.end();
});

t.test('tags select scenarios, and leave them out', (t) => {
  const all = suite(
    one('a', 'true') +
      one('b', 'true', 'needs: [a]\ntags: [disk, slow]\n') +
      one('c', 'true', 'tags: [slow]\n') +
      one('d', 'true', 'stage: build\n'),
  );
  const ids = (more: object): string[] => selectScenarios(all, { ...nothing, ...more }).map(({ id }) => id);
  t.same(ids({ tag: ['disk'] }), ['a', 'b'], 'with what it needs');
  t.same(ids({ tag: ['disk', 'slow'] }), ['a', 'b', 'c'], 'any of the tags');
  t.same(
    ids({ tag: ['disk'], test: ['c'], stage: ['build'] }),
    ['a', 'b', 'c', 'd'],
    'as well as -t and --stage',
  );
  t.same(ids({ skipTag: ['disk'] }), ['a', 'c', 'd']);
  t.same(ids({ tag: ['slow'], skipTag: ['disk'] }), ['a', 'c'], '--skip-tag has priority');
  t.throws(
    () => ids({ tag: ['slow'], skipTag: ['slow'], skip: ['a'] }),
    SelectionError,
    'no check is no health',
  );
  for (const option of ['tag', 'skipTag'])
    t.throws(() => ids({ [option]: ['dsik'] }), {
      message: 'no scenario has the tag "dsik"; did you mean disk?',
    });
  t.throws(() => ids({ tag: ['zzz'] }), { message: 'no scenario has the tag "zzz"; there are: disk, slow' });
  t.end();
});
