import t from 'tap';
import type { Builder } from '../../src/machines/builder.ts';
import { shardOf } from '../../src/engine/plan.ts';
import { compareReports } from '../../src/report/compare.ts';
import { mergeReports } from '../../src/report/shards.ts';
import { builder, check, failed, report } from './sample.ts';

const fleet = ['a', 'b', 'a', 'c', 'd', 'e'].map(
  (host, index) => ({ host, uri: `ssh-ng://${host}?n=${index}`, user: '' }) as Builder,
);

t.test('shards: every builder in exactly one, those of a host together, the same each time', (t) => {
  for (const of of [1, 2, 3, 5, 9]) {
    const parts = Array.from({ length: of }, (_, index) => shardOf(fleet, { index: index + 1, of }));
    t.same(
      parts
        .flat()
        .map(({ uri }) => uri)
        .sort(),
      fleet.map(({ uri }) => uri).sort(),
      `${of} parts`,
    );
    t.equal(parts.filter((part) => part.some(({ host }) => host === 'a')).length, 1);
  }
  const sizes = [1, 2].map((index) => shardOf(fleet, { index, of: 2 }).length);
  t.ok(Math.abs((sizes[0] ?? 0) - (sizes[1] ?? 0)) <= 2, `balanced: ${sizes.join(', ')}`);
  t.end();
});

t.test('merge: the shards of a run make the report that one run would have made', (t) => {
  const ok = check('pass', { scenario: 'daemon-view', stage: 'client' });
  const alpha = builder('alpha', [check('pass')], [ok]);
  const beta = { ...builder('beta', [failed('x')], [ok]), source: { file: '/etc/nix/machines', line: 2 } };
  const whole = report([alpha, beta], [ok]);
  const first = { ...report([alpha], [ok]), shard: { index: 1, of: 2 } };
  const second = { ...report([beta], [ok]), shard: { index: 2, of: 2 } };
  t.same(mergeReports([second, first]), whole);
  t.throws(() => mergeReports([first]), /missing: shard 2\/2/);
  t.throws(() => mergeReports([first, { ...second, shard: { index: 3, of: 3 } }]), /different runs/);
  t.throws(() => mergeReports([first, report([beta])]), /some are not/);
  t.throws(() => mergeReports([]), /no report/);
  const again = {
    ...report([{ ...beta, checks: [check('pass')] }], [ok]),
    startedAt: '2026-01-02T03:05:05.678Z',
    shard: second.shard,
  };
  t.equal(mergeReports([first, second, again]).summary.verdict, 'healthy', 'the newest counts');
  t.equal(mergeReports([again, second, first]).summary.verdict, 'healthy', 'in any order');
  const sick = { ...first, clientChecks: [{ ...failed('y'), scenario: 'daemon-view' }] };
  const merged = mergeReports([sick, { ...second, builders: [] }]);
  t.equal(merged.summary.verdict, 'unhealthy', 'a client that is broken in one shard is');
  t.equal(merged.builders[0]?.rootCause?.scenario, 'daemon-view');
  t.equal(mergeReports([{ ...first, interrupted: true }, second]).interrupted, true);
  t.end();
});

t.test('diff: what broke, healed, has another cause, is new, gone, slower', (t) => {
  const one = (...checks: Parameters<typeof builder>[1]): ReturnType<typeof report> =>
    report([builder('alpha', checks)]);
  const pass = check('pass', { scenario: 'connection', durationMs: 100 });
  const kinds = (before: ReturnType<typeof report>, after: ReturnType<typeof report>): string[] =>
    compareReports(before, after).map(({ kind, worse }) => `${kind}${worse ? ' worse' : ''}`);
  t.same(kinds(one(pass), one(pass)), []);
  t.same(kinds(one(pass), one(failed('x'))), ['broke worse']);
  t.same(kinds(one(pass, check('pass')), one(failed('x'), check('blocked', { scenario: 'pass-check' }))), [
    'broke worse',
  ]);
  t.same(kinds(one(failed('x')), one(pass)), ['healed']);
  t.same(kinds(one(failed('x')), one({ ...failed('x'), cause: 'other' })), ['other-cause']);
  t.same(kinds(one(pass), one({ ...pass, durationMs: 5000 })), ['slower']);
  t.same(kinds(one(pass), one({ ...pass, durationMs: 900 })), [], 'not by much');
  t.same(kinds(one(pass), report([])), ['gone']);
  t.same(kinds(report([]), one(pass)), ['new']);
  t.same(kinds(report([]), one(failed('x'))), ['new worse']);
  t.same(kinds(report([], [pass]), report([], [failed('x')])), ['broke worse'], 'the client too');
  t.end();
});
