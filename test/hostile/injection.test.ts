import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../commands/cli.ts';
import { threat } from './threat.ts';

t.setTimeout(300_000);
const folder = mkdtempSync(join(tmpdir(), 'nrbd-injection-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const canary = join(folder, 'canary');
const root = process.getuid?.() === 0;

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** Texts that do something where they reach a shell, an option of ssh, or a token of its configuration. */
const nasty = [
  `-oProxyCommand=touch\${IFS}${canary}`,
  `-oPermitLocalCommand=yes`,
  `$(touch\${IFS}${canary})`,
  `\`touch\${IFS}${canary}\``,
  `x;touch\${IFS}${canary}`,
  `x'|touch\${IFS}${canary}|'`,
  `x"&&touch\${IFS}${canary}&&"`,
  `%h%n%r`,
  `x%0atouch%20${canary}`,
  `../../../etc/passwd`,
  `{{vars.x}}{{{builder.uri}}}`,
  `\u001b]0;owned\u0007`,
];

for (const text of nasty) {
  for (const [place, line] of [
    ['host', `ssh://${text} x86_64-linux - 1`],
    ['user', `ssh://${text}@127.0.0.1 x86_64-linux - 1`],
    ['key path', `ssh://127.0.0.1 x86_64-linux ${text} 1`],
    ['feature', `ssh://127.0.0.1 x86_64-linux - 1 1 ${text}`],
  ] as const) {
    threat(
      'injection',
      `${place} ${JSON.stringify(text).replaceAll(canary, '/canary')}`,
      'nothing is executed',
      (t) => {
        const machines = file('machines', `${line}\n`);
        const { code, out, err } = cli(
          'check',
          '-m',
          machines,
          '--skip',
          'connection',
          '--skip',
          'tcp',
          '--skip',
          'dns',
          '--skip',
          'host-key',
          '-t',
          'ssh-config',
          '-t',
          'machines-traps',
          '-t',
          'weighting',
          '-f',
          'table',
          '--timeout',
          '5s',
        );
        t.ok([0, 1, 2, 3].includes(code ?? -1), `exit ${code}: ${err}`);
        t.notOk(existsSync(canary), 'the canary lives');
        t.notMatch(out + err, '\x1b]0;', 'no sequence reaches the terminal');
      },
    );
  }
}

threat('injection', 'every text at once, through the whole suite', 'nothing is executed', (t) => {
  const lines = nasty
    .slice(0, 7)
    .map((text) => `ssh-ng://${text}@127.0.0.1:1 x86_64-linux ${text} 1 1 ${text}`);
  for (const line of lines) {
    const { code, err } = cli('check', '-m', file('machines', `${line}\n`), '-f', 'json', '--timeout', '5s');
    t.ok([1, 2, 3].includes(code ?? -1), `exit ${code}: ${err}`);
  }
  t.notOk(existsSync(canary), 'the canary lives');
});

threat('injection', 'a value of --var in a command', 'it is one word of the shell', (t) => {
  const spec = file(
    'var.yaml',
    'id: own\ntitle: a\ntarget: client\nper: client\ncommand: printf %s {{vars.x}}\nexpect: {stdout: {contains: touch}}\nexamples: [{exitCode: 0, stdout: touch, outcome: pass}]\n',
  );
  const { out } = cli(
    'check',
    '--builders',
    'ssh://h.invalid',
    '--no-default-specs',
    '-s',
    spec,
    '--var',
    `x=$(touch ${canary});'"`,
    '-f',
    'json',
  );
  t.match(out, '$(touch');
  t.notOk(existsSync(canary));
});

threat('injection', 'a regex that takes for ever', 'RE2 answers at once', (t) => {
  const spec = file(
    'regex.yaml',
    `id: own\ntitle: a\ntarget: client\nper: client\ncommand: [printf, ${'a'.repeat(200)}]\nexpect: {stdout: {not: {matches: '^(a+)+$b'}}}\nexamples: [{exitCode: 0, stdout: x, outcome: pass}]\n`,
  );
  const started = performance.now();
  t.equal(cli('check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec).code, 0);
  t.ok(performance.now() - started < 10_000);
});

threat(
  'injection',
  'a scenario file that others can write',
  'refused, with the command that corrects it',
  (t) => {
    const spec = file(
      'open.yaml',
      'id: own\ntitle: a\ntarget: client\ncommand: "true"\nexpect: {exitCode: 0}\nexamples: [{exitCode: 0, outcome: pass}]\n',
      0o666,
    );
    t.match(cli('check', '--builders', 'ssh://h.invalid', '-s', spec), {
      code: 2,
      err: /can be written by others.*chmod go-w/,
    });
    chmodSync(spec, 0o644);
    t.not(cli('check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec).code, 2);
  },
);

threat('injection', "a scenario file of another user's", 'refused', (t) => {
  if (!root) return;
  const spec = file(
    'foreign.yaml',
    'id: own\ntitle: a\ntarget: client\ncommand: "true"\nexpect: {exitCode: 0}\nexamples: [{exitCode: 0, outcome: pass}]\n',
  );
  chownSync(spec, 12345, 12345);
  t.match(cli('check', '--builders', 'ssh://h.invalid', '-s', spec), {
    code: 2,
    err: /belongs to another user/,
  });
});

threat('injection', 'a template that asks for a prototype', 'an error of the scenario', (t) => {
  const spec = file(
    'proto.yaml',
    'id: own\ntitle: a\ntarget: client\ncommand: "echo {{builder.constructor.name}}"\nexpect: {exitCode: 0}\nexamples: [{exitCode: 0, outcome: pass}]\n',
  );
  t.match(
    cli('check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec, '-f', 'json').out +
      cli('lint', spec).out,
    /constructor/,
  );
  t.not(cli('check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec).code, 0);
});

/** Secrets of every shape, and one by its value. */
const secret = 'hunter\'2 "x"';
const shapes = {
  'a private key':
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----',
  'a password in a URI': 'https://me:pa55w0rd-of-mine@cache.example.org/',
  'a GitHub token': `ghp_${'a1B2'.repeat(9)}`,
  'a GitLab token': `glpat-${'a1B2'.repeat(5)}`,
  "Nix's access tokens": 'access-tokens = github.com=verysecrettoken1',
  'a bearer token': `Authorization: Bearer ${'abcd1234'.repeat(4)}`,
};
const formats = ['table', 'tap', 'junit', 'json', 'markdown', 'html', 'github', 'prometheus', 'nagios'];

function outputs(spec: string, env: Record<string, string>): { all: string; code: number | null } {
  const own = mkdtempSync(join(folder, 'out-'));
  const args = formats.flatMap((name) => ['-f', `${name}=${join(own, name)}`]);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      'dist/cli.js',
      'check',
      '-v',
      '--builders',
      'ssh://h.invalid',
      '--no-default-specs',
      '-s',
      spec,
      '--record',
      join(own, 'recording'),
      '--secret',
      'pass=MY_SECRET',
      ...args,
    ],
    { encoding: 'utf8', env: { ...process.env, MY_SECRET: secret, ...env } },
  );
  const all = readdirSync(own, { recursive: true, encoding: 'utf8' })
    .map((name) => join(own, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
  return { all: [stdout, stderr, ...all].join('\n'), code: status };
}

threat('secrets', 'a value of --secret', 'in no output, recording or error, however it is written', (t) => {
  const spec = file(
    'secret.yaml',
    `id: own
title: says a secret
target: client
per: client
command: "echo seen; echo {{vars.pass}}; echo {{vars.pass}} >&2; printf %s {{vars.pass}} | base64; exit 3"
expect: {exitCode: 0, stdout: {equals: other}}
hint: [{cause: own-cause, says: "it is {{vars.pass}}", fix: [{on: client, run: "login {{vars.pass}}"}]}]
examples: [{exitCode: 3, stdout: x, cause: own-cause}]
`,
  );
  const { all, code } = outputs(spec, {});
  t.equal(code, 1, all.slice(0, 500));
  t.match(all, 'seen');
  for (const form of [
    secret,
    JSON.stringify(secret).slice(1, -1),
    "hunter'\\''2",
    Buffer.from(secret).toString('base64').slice(0, 14),
    'hunter&#39;2',
    'hunter&apos;2',
  ])
    t.notOk(all.includes(form), form);
});

for (const [name, text] of Object.entries(shapes))
  threat(
    'secrets',
    `${name} in a command, its output, a title and a message`,
    'removed by its shape',
    (t) => {
      const spec = file(
        'shape.yaml',
        `${JSON.stringify({
          id: 'own',
          title: `title ${text}`,
          target: 'client',
          per: 'client',
          command: ['sh', '-c', 'printf "%s\\n" "$1"; printf "%s\\n" "$1" >&2; exit 4', 'sh', text],
          expect: { exitCode: 0 },
          hint: [{ cause: 'own-cause', says: `message ${text}` }],
          examples: [{ exitCode: 4, cause: 'own-cause' }],
        })}\n`,
      );
      const { all, code } = outputs(spec, {});
      t.equal(code, 1, all.slice(0, 500));
      for (const part of ['b3BlbnNzaC1rZXkt', 'pa55w0rd', 'a1B2a1B2', 'verysecrettoken1', 'abcd1234abcd1234'])
        t.notOk(all.includes(part), part);
    },
  );

threat('secrets', 'a password in the URI of a builder', 'in no output', (t) => {
  const { out, err } = cli(
    'check',
    '--builders',
    'ssh://me:pa55w0rd@127.0.0.1:1 x86_64-linux',
    '-f',
    'json',
    '--timeout',
    '5s',
  );
  t.notMatch(out + err, 'pa55w0rd');
  const machines = cli('machines', '--builders', 'ssh://me:pa55w0rd@127.0.0.1:1 x86_64-linux');
  t.notMatch(machines.out + machines.err, 'pa55w0rd');
});

threat(
  'secrets',
  '--secret with a variable that is not set',
  'refused; nothing runs with an empty password',
  (t) => {
    t.match(cli('check', '--builders', 'ssh://h.invalid', '--secret', 'pass=NO_SUCH_VARIABLE'), {
      code: 2,
      err: /is not set/,
    });
  },
);

threat('trust', 'the folder of a run', '0700, gone at the end', (t) => {
  const spec = file(
    'tmp.yaml',
    'id: own\ntitle: a\ntarget: client\nper: client\ncommand: "stat -c %a ${TMPDIR:-/tmp}/nrbd-* | sort -u"\nexpect: {stdout: {equals: "700\\n"}}\nexamples: [{exitCode: 0, stdout: "700\\n", outcome: pass}]\n',
  );
  const tmp = mkdtempSync(join(folder, 'tmp-'));
  const { status, stdout } = spawnSync(
    process.execPath,
    ['dist/cli.js', 'check', '--builders', 'ssh://h.invalid', '--no-default-specs', '-s', spec],
    { encoding: 'utf8', env: { ...process.env, TMPDIR: tmp } },
  );
  t.ok(status === 0 || status === 1, stdout);
  t.same(readdirSync(tmp), []);
});
