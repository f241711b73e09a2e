import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cli, cliIn } from './cli.ts';

const own = (name: string): string[] => ['--builders', 'ssh://a', '--no-default-specs', '-s', name];

const scenario = (title: string, command: string, more = ''): string =>
  `title: ${title}\ntarget: client\nper: client\ncommand: ${JSON.stringify(command)}\nexpect: {exitCode: 0}\n${more}`;

const scenarioOf = (command: string, expected: string): string =>
  scenario('own', command).replace('exitCode: 0', expected);

const folder = t.testdir({
  'odd.yaml': scenario('odd', 'exit 1', 'severity: warning\n'),
  'well.yaml': scenario('well', 'exit 0'),
  'long.yaml': scenario('long', 'sleep 30', 'timeout: 1m\n'),
  'word.yaml': scenario('word', 'x={{vars.word}}; test ${#x} = 11 || exit 9; echo it is "$x"; exit 1'),
  word: 'open sesame\n',
  short: 'abc\n',
});
const at = (name: string): string => join(folder, name);

t.test('--strict: a warning fails', (t) => {
  t.match(cli('check', ...own(at('odd.yaml'))), { code: 0 });
  t.match(cli('check', '--strict', ...own(at('odd.yaml'))), {
    code: 1,
    err: /--strict: 1 warning counts as failed/,
  });
  t.match(cli('check', '--strict', '-q', ...own(at('odd.yaml'))), { code: 1, err: /--strict: 1 warning/ });
  t.match(cli('check', '--strict', ...own(at('well.yaml'))), { code: 0, err: /^(?!.*--strict)/s });
  t.match(cli('check', '--exit', 'nagios', '-f', 'nagios', ...own(at('odd.yaml'))), { code: 1 });
  t.match(cli('check', '--strict', '--exit', 'nagios', '-f', 'nagios', ...own(at('odd.yaml'))), { code: 2 });
  const report = at('report.json');
  cli('check', '-f', `json=${report}`, ...own(at('odd.yaml')));
  t.match(cli('merge', report), { code: 0 });
  t.match(cli('merge', '--strict', report), { code: 1 });
  t.end();
});

t.test('--deadline: the run ends then, and what is not known is an error', (t) => {
  const started = performance.now();
  const ended = cli('check', '--deadline', '2s', '-f', 'json', ...own(at('long.yaml')));
  t.ok(performance.now() - started < 25_000, 'it did not wait for the command');
  t.match(ended, { code: 3, err: /the deadline is over/ });
  t.match(JSON.parse(ended.out), {
    interrupted: true,
    clientChecks: [{ outcome: 'error', message: /the run reached its deadline/ }],
  });
  t.match(cli('check', '--deadline', '1m', ...own(at('well.yaml'))), { code: 0 });
  t.match(cli('check', '--deadline', 'soon', ...own(at('well.yaml'))), {
    code: 2,
    err: /--deadline wants a duration/,
  });
  t.end();
});

t.test('FORCE_COLOR decides before NO_COLOR, and a pipe gets no colors by itself', (t) => {
  const colored = (env: Record<string, string>): boolean =>
    cliIn(env, 'check', ...own(at('odd.yaml'))).out.includes('\u001b[');
  t.equal(colored({ NO_COLOR: '' }), false);
  t.equal(colored({ NO_COLOR: '', FORCE_COLOR: '1' }), true);
  t.equal(colored({ NO_COLOR: '1', FORCE_COLOR: '1' }), true);
  t.equal(colored({ NO_COLOR: '', FORCE_COLOR: '0' }), false);
  t.end();
});

t.test('a secret comes from a variable, a file or a command, and is in no output', (t) => {
  const ways: [string[], Record<string, string>][] = [
    [['--secret', 'word=WORD'], { WORD: 'open sesame' }],
    [['--secret-file', `word=${at('word')}`], {}],
    [['--secret-command', 'word=printf "open "; echo sesame'], {}],
  ];
  for (const [options, env] of ways) {
    const { code, out, err } = cliIn(env, 'check', ...options, '-f', 'json', ...own(at('word.yaml')));
    t.equal(code, 1, err);
    t.match(JSON.parse(out), {
      clientChecks: [{ observation: { stdout: 'it is [secret removed]\n', exitCode: 1 } }],
    });
    t.notMatch(out + err, /open sesame/, options.join(' '));
  }
  const refused = (...options: string[]): string => {
    const { code, err } = cli('check', ...options, ...own(at('word.yaml')));
    t.equal(code, 2);
    return err;
  };
  t.match(refused('--secret', 'word=NO_SUCH_VARIABLE'), /NO_SUCH_VARIABLE is not set/);
  t.match(refused('--secret', 'word=$(touch x)'), /name of an environment variable/);
  t.match(refused('--secret-file', `word=${at('gone')}`), /cannot read .*gone \(ENOENT\)/);
  t.match(refused('--secret-file', `word=${at('short')}`), /too short/);
  t.match(refused('--secret-command', 'word=echo open sesame; exit 7'), /ended with status 7/);
  t.notMatch(refused('--secret-command', 'word=echo open sesame; exit 7'), /open sesame\n/);
  t.match(refused('--secret-file', 'word'), /wants KEY=FILE/);
  t.notOk(existsSync('x'));
  t.end();
});

t.test('--update-snapshots writes what is seen, and the next run compares with it', (t) => {
  const suite = t.testdir({
    'kept.yaml': scenarioOf('printf "one\\ntwo $WORD\\n"', 'stdout: {snapshot: kept.txt}'),
  });
  const spec = join(suite, 'kept.yaml');
  const run = (word: string, ...options: string[]): ReturnType<typeof cli> =>
    cliIn({ WORD: word }, 'check', ...options, '-f', 'tap', ...own(spec));
  const kept = join(suite, 'snapshots', 'kept.txt');
  t.match(run('a'), { code: 1, out: /there is no snapshot .*kept\.txt yet: --update-snapshots writes it/ });
  t.notOk(existsSync(kept));
  t.match(run('a', '--update-snapshots'), { code: 1, err: /kept\.txt: written; the next run compares/ });
  t.equal(readFileSync(kept, 'utf8'), 'one\ntwo a\n');
  t.match(run('a'), { code: 0 });
  t.match(run('b'), { code: 1, out: /line 2 is ."two b.", and was ."two a."/ });
  t.equal(readFileSync(kept, 'utf8'), 'one\ntwo a\n', 'nothing is written without being asked');
  t.match(run('b', '--update-snapshots'), { code: 1 });
  t.match(run('b'), { code: 0 });

  const outside = join(
    t.testdir({ 'out.yaml': scenarioOf('echo x', "stdout: {snapshot: '../x'}") }),
    'out.yaml',
  );
  t.match(cli('check', '--update-snapshots', '-f', 'tap', ...own(outside)), {
    code: 1,
    out: /no plain name for a file/,
  });
  t.end();
});
