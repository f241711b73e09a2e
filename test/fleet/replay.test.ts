import type { Report } from '../../src/generated/types.ts';
import { withFleet } from './with-fleet.ts';

function outcomes({ clientChecks, builders }: Report): unknown {
  const short = ({ scenario, outcome, cause }: Report['clientChecks'][number]): string =>
    `${scenario} ${outcome} ${cause ?? ''}`;
  return [clientChecks.map(short), builders.map(({ name, checks }) => [name, checks.map(short)])];
}

withFleet('a recording of real builders is judged again when they are gone', async (t, fleet) => {
  const client = await fleet.client();
  const [healthy, broken] = await Promise.all([
    fleet.builder({ nix: '2.34' }),
    fleet.builder({ nixConf: { 'max-jobs': '0' } }),
  ]);
  client.machines(healthy.line(), broken.line('ssh'));
  const live = await client.check(['--record', '/root/recording']);
  t.match(live.report.builders[1]?.rootCause, { cause: 'builder-max-jobs-zero' });
  await Promise.all([healthy.host.stop(), broken.host.stop()]);
  client.host.write('/etc/nix/machines', 'ssh://nobody\n');
  const again = await client.check(['--replay', '/root/recording']);
  t.equal(again.exitCode, live.exitCode);
  t.same(outcomes(again.report), outcomes(live.report));
  t.notMatch(client.host.read('/root/recording/recording.json'), 'PRIVATE KEY');
});
