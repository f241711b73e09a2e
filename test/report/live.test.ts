import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import t from 'tap';
import type { ReportEvent } from '../../src/report/events.ts';
import { drawScreen } from '../../src/report/live/draw.ts';
import { liveProgress } from '../../src/report/live/index.ts';
import { Progress } from '../../src/report/live/progress.ts';
import { painter } from '../../src/report/table/paint.ts';
import { builder, check, failed, hostile, report } from './sample.ts';

const scenarios = [
  { id: 'dns', stage: 'network', title: 'Name' },
  { id: 'tcp', stage: 'network', title: 'Port' },
  { id: 'connection', stage: 'ssh', title: 'Login' },
] as const;

const started = (...names: string[]): ReportEvent => ({
  type: 'run-started',
  builders: names.map((name) => ({ name })),
  scenarios: [...scenarios],
});

function screen(progress: Progress, width: number, height: number, now: number): string[] {
  return drawScreen(progress, { paint: painter(false), width, height, now });
}

t.test('the matrix fills while it runs, with what each builder is doing', (t) => {
  const progress = new Progress();
  progress.add(started('alpha', 'beta'), 0);
  progress.add({ type: 'check-started', builder: null, scenario: 'machines-file' }, 0);
  progress.add({ type: 'check-started', builder: 'alpha', scenario: 'dns' }, 1000);
  progress.add({ type: 'check-started', builder: 'alpha', scenario: 'tcp' }, 2000);
  progress.add({ type: 'check-finished', builder: 'alpha', check: check('pass', { scenario: 'dns' }) }, 2500);
  progress.add({ type: 'check-finished', builder: 'beta', check: failed('x') }, 2500);
  progress.add({ type: 'builder-finished', builder: builder('beta', [failed('x')]) }, 2600);
  t.same(screen(progress, 80, 24, 5000), [
    '1 of 2 builders done, 5 s',
    'this machine: machines-file 5 s',
    '       network  ssh',
    'alpha  ✓             tcp 3 s',
    'beta            ✗    ✗ unhealthy key-too-open',
  ]);
  t.end();
});

t.test('it fits every terminal, whatever the names are and however many', (t) => {
  const progress = new Progress();
  const names = [
    ...hostile,
    ...Array.from({ length: 200 }, (_, index) => `builder-${index}`),
    '日本語'.repeat(30),
  ];
  progress.add(started(...names), 0);
  for (const name of names.slice(0, 150)) {
    progress.add({ type: 'check-started', builder: name, scenario: 'dns' }, 10);
    progress.add({ type: 'check-finished', builder: name, check: check('pass', { scenario: 'dns' }) }, 20);
    progress.add({ type: 'builder-finished', builder: builder(name, [check('pass')]) }, 30);
  }
  progress.add({ type: 'check-started', builder: 'builder-170', scenario: 'connection' }, 40);
  for (const width of [1, 10, 40, 80, 200])
    for (const height of [1, 5, 24, 60, 500]) {
      const lines = screen(progress, width, height, 3000);
      t.ok(lines.length <= Math.max(height, 4), `${width} x ${height}: ${lines.length} lines`);
      const widest = Math.max(...lines.map((line) => stringWidth(line)));
      t.ok(width < 40 || widest <= width, `${width} x ${height}: ${widest} columns`);
      t.notMatch(lines.join(''), /[\x00-\x1f\x7f-\x9f]/);
    }
  const lines = screen(progress, 100, 20, 3000);
  t.match(lines.join('\n'), 'builder-170', 'what runs is shown, though not all fit');
  t.match(lines.at(-1), /… and \d+ more; of all: ✓ 150 healthy, ✗ 0 not, 1 running, 63 to come/);
  t.end();
});

t.test('a terminal is given back as it was; elsewhere there are plain lines', async (t) => {
  const { CI, TERM } = process.env;
  t.teardown(() => Object.assign(process.env, CI === undefined ? { TERM } : { CI, TERM }));
  const done = builder('a\x1b[2J', [check('pass')]);
  const story = async (isTTY: boolean): Promise<string> => {
    const stream = new PassThrough();
    const live = await liveProgress(
      Object.assign(stream, { isTTY, columns: 60, rows: 20 }) as unknown as NodeJS.WriteStream,
    );
    live.onEvent(started('a\x1b[2J', 'b'));
    live.onEvent({ type: 'check-started', builder: 'a\x1b[2J', scenario: 'dns' });
    live.onEvent({ type: 'builder-finished', builder: done });
    live.onEvent({ type: 'run-finished', report: report([done]) });
    live.close();
    return String(stream.read() ?? '');
  };
  delete process.env['CI'];
  process.env['TERM'] = 'xterm';
  const text = await story(true);
  t.ok(text.startsWith('\x1b[?1049h\x1b[?25l'));
  t.ok(text.endsWith('\x1b[?25h\x1b[?1049l'));
  t.equal(text.split('\x1b[?1049l').length, 2, 'once');
  t.notMatch(text, '\x1b[2J');
  t.match(stripVTControlCharacters(text), '0 of 2 builders done');
  process.env['TERM'] = 'dumb';
  t.equal(await story(true), '1/2 a: healthy\n');
  process.env['TERM'] = 'xterm';
  process.env['CI'] = 'true';
  t.equal(await story(true), '1/2 a: healthy\n');
  delete process.env['CI'];
  t.equal(await story(false), '1/2 a: healthy\n');
});
