import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Report } from '../../src/generated/types.ts';
import { builder, check, failed, report } from '../report/sample.ts';
import { cli } from './cli.ts';

const scenario = `title: The builder's line is there
target: client
command: grep -c {{builder.host}} /etc/hostname || true
expect: {exitCode: 0}
examples: [{exitCode: 0, outcome: pass}]
`;

function save(folder: string, name: string, of: Report): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(of));
  return file;
}

t.test('every format of check, rendered again from the report, is the same to the byte', (t) => {
  const folder = t.testdir({
    'own.yaml': scenario,
    machines: 'ssh://a x86_64-linux - 1\nssh://b x86_64-linux - 1\n',
  });
  const formats = [
    'table',
    'tap',
    'tap13',
    'junit',
    'junit-strict',
    'ctrf',
    'markdown',
    'html',
    'github',
    'prometheus',
    'nagios',
  ];
  const json = join(folder, 'report.json');
  const outputs = [
    ...formats.flatMap((name) => ['-f', `${name}=${join(folder, name)}.out`]),
    '-f',
    `json=${json}`,
  ];
  const ran = cli(
    'check',
    '-m',
    join(folder, 'machines'),
    '--no-default-specs',
    '-s',
    join(folder, 'own.yaml'),
    ...outputs,
  );
  t.equal(ran.code, 0, ran.err);
  for (const name of formats) {
    t.equal(cli('render', json, '-f', name).out, readFileSync(join(folder, `${name}.out`), 'utf8'), name);
  }
  t.end();
});

t.test('the entries of a report make a machines file again', (t) => {
  const lines = [
    'ssh-ng://nix@a:22 x86_64-linux,aarch64-linux /root/key 4 2 kvm,big-parallel - -',
    'ssh://b',
  ];
  const folder = t.testdir({
    'own.yaml': scenario,
    machines: `${lines.join('\n')}\n`,
    'entries.hbs': '{{#each builders}}{{entry}}\n{{/each}}',
  });
  const { out } = cli(
    ...['check', '-m', join(folder, 'machines'), '--no-default-specs', '-s', join(folder, 'own.yaml')],
    ...['-f', join(folder, 'entries.hbs')],
  );
  t.equal(out, `${lines.join('\n')}\n`);
  t.end();
});

t.test('shards of a run, merged', (t) => {
  const folder = t.testdir({
    'own.yaml': scenario,
    machines: ['a', 'b', 'c'].map((host) => `ssh://${host} x86_64-linux - 1\n`).join(''),
  });
  const part = (shard: string): string => {
    const json = join(folder, `${shard.replace('/', '-')}.json`);
    const ran = cli(
      'check',
      '-m',
      join(folder, 'machines'),
      '--no-default-specs',
      '-s',
      join(folder, 'own.yaml'),
      '--shard',
      shard,
      '-f',
      `json=${json}`,
    );
    t.equal(ran.code, 0, ran.err);
    return json;
  };
  const parts = [part('1/2'), part('2/2')];
  const merged = JSON.parse(cli('merge', ...parts, '-f', 'json').out) as Report;
  t.same(
    merged.builders.map(({ host }) => host),
    ['a', 'b', 'c'],
  );
  t.notOk('shard' in merged);
  t.match(cli('merge', parts[0] ?? ''), { code: 2, err: 'missing: shard 2/2' });
  t.match(cli('check', '-m', join(folder, 'machines'), '--shard', '4/4'), { code: 2, err: 'has no builder' });
  for (const wrong of ['0/2', '3/2', '1', 'a/b', '1/2/3'])
    t.equal(cli('check', '--shard', wrong).code, 2, wrong);
  t.end();
});

t.test('exit codes: of one run for merge, and those of a monitoring plugin where they are wanted', (t) => {
  const folder = t.testdir();
  const reports: [string, Report, number, number][] = [
    ['ok', report([builder('a', [check('pass')])]), 0, 0],
    ['warning', report([builder('a', [check('warn')])]), 0, 1],
    ['critical', report([builder('a', [failed('x')])]), 1, 2],
    ['unknown', report([builder('a', [check('error')])]), 3, 3],
  ];
  for (const [name, of, shell, nagios] of reports) {
    const file = save(folder, `${name}.json`, of);
    t.equal(cli('merge', file).code, shell, name);
    t.equal(cli('merge', file, '--exit', 'nagios').code, nagios, name);
    t.equal(cli('render', file).code, 0);
    t.equal(cli('render', file, '--exit', 'check').code, shell);
    const plugin = cli('render', file, '-f', 'nagios', '--exit', 'nagios');
    t.equal(plugin.code, nagios);
    t.match(plugin.out, new RegExp(`^NIX_BUILDERS ${name.toUpperCase()} - [^\\n]*\\n$`));
  }
  t.match(cli('check', '--exit', 'nagios', '-f', 'nagios', '-m', '/no/such'), {
    code: 3,
    out: /^NIX_BUILDERS UNKNOWN - .*\n$/,
  });
  t.match(cli('render', join(folder, 'ok.json'), '--exit', 'icinga'), { code: 2, err: '--exit wants' });
  t.end();
});

t.test('diff says what changed, and exits 1 if something broke', (t) => {
  const folder = t.testdir();
  const good = save(folder, 'good.json', report([builder('a', [check('pass', { scenario: 'connection' })])]));
  const bad = save(folder, 'bad.json', report([builder('a', [failed('it \x1b[31mbroke')])]));
  t.match(cli('diff', good, bad), { code: 1, out: 'broke   a connection: key-too-open: it broke\n' });
  t.match(cli('diff', bad, good), { code: 0, out: /^healed  a connection: was key-too-open/ });
  t.match(cli('diff', good, good), { code: 0, out: 'nothing changed\n' });
  t.match(JSON.parse(cli('diff', good, bad, '-f', 'json').out), [
    { kind: 'broke', builder: 'a', worse: true },
  ]);
  t.equal(cli('diff', good, '/no/such').code, 2);
  t.end();
});
