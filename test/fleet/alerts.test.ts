import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults } from '../faults/index.ts';
import { withFleet } from './with-fleet.ts';

/** Builders that greet as every SSH server does, and on which Nix cannot build. */
const titles = [
  'the key is not authorised for root',
  'the authorisation has expired',
  'the folder of the authorised keys can be written by others',
  'root may not log in',
  'the login shell refuses everybody',
  "sshd's own start-up file prints a greeting",
  'Nix is not on the PATH of a plain login, ssh-ng',
  'the daemon does not run, ssh-ng',
  'the store is full',
  "a line in the builder's nix.conf that Nix cannot read",
  'the group of the build users has no members',
  'sandbox-paths names a path that is gone, 2.34',
];

interface Alert {
  alertname: string;
  severity: string;
  builder?: string;
  cause?: string;
}

/** What Prometheus' own rule engine fires for these metrics, once they have been there for a quarter of an hour. */
function alertsFor(folder: string, metrics: string): Alert[] {
  const rules = readFileSync('contrib/prometheus/alerts.yml', 'utf8');
  writeFileSync(join(folder, 'alerts.yml'), rules);
  const series = metrics
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !/_timestamp_/.test(line))
    .map((line) => {
      const at = line.lastIndexOf(' ');
      return { series: line.slice(0, at), values: `${line.slice(at + 1)}x20` };
    });
  const names = [...new Set([...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name))];
  const test = {
    rule_files: ['alerts.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: series,
        // Nothing is expected, so promtool prints all that fires.
        alert_rule_test: names.map((alertname) => ({ alertname, eval_time: '16m', exp_alerts: [] })),
      },
    ],
  };
  writeFileSync(join(folder, 'test.yml'), JSON.stringify(test));
  const { stdout, stderr, status } = spawnSync('promtool', ['test', 'rules', 'test.yml'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const fired = [...`${stdout}${stderr}`.matchAll(/Labels:\{([^}]*)\}/g)].map(
    ([, labels = '']) =>
      Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
      ) as unknown as Alert,
  );
  if ((status === 0) !== (fired.length === 0)) throw new Error(`promtool: ${stdout}${stderr}`);
  return fired;
}

withFleet('one fault is one alert, where a greeting tells nothing', async (t, fleet) => {
  const client = await fleet.client();
  const broken = await Promise.all(
    titles.map(async (title, index) => {
      const fault = faults.find((one) => one.title === title);
      if (fault === undefined) throw new Error(`there is no fault "${title}"`);
      const builder = await fleet.builder({ nix: '2.34', ...fault.builder, name: `broken-${index}` });
      await fault.breaks({ client, builder, args: [], env: {} });
      return { fault, builder };
    }),
  );
  const well = await fleet.builder({ name: 'well', nix: '2.34' });
  const lines = [well, ...broken.map(({ builder }) => builder)].map((builder) => builder.line());
  client.machines(...lines);

  for (const { builder, fault } of broken) {
    const greeting = await client.host.sh(`ssh-keyscan -p 22 ${builder.name} 2>&1 >/dev/null`);
    t.match(greeting.stdout, /SSH-2\.0/, `a greeting: ${fault.title}`);
  }
  const metrics = async (): Promise<string> => {
    await client.check(['-f', 'prometheus=/root/metrics']);
    return client.host.read('/root/metrics');
  };
  const expected = broken.map(({ fault, builder }) => ({
    alertname: 'NixRemoteBuilderDown',
    severity: 'warning',
    builder: builder.name,
    cause: fault.cause,
  }));
  const byName = (alerts: Alert[]): Alert[] =>
    alerts.sort((one, other) => (one.builder ?? '').localeCompare(other.builder ?? ''));
  const folder = t.testdir({});
  const strip = (alerts: Alert[]): Alert[] =>
    byName(alerts).map(({ alertname, severity, builder = '', cause = '' }) => ({
      alertname,
      severity,
      builder,
      cause,
    }));
  t.same(strip(alertsFor(folder, await metrics())), byName(expected), 'each fault of a builder');

  client.machines(...lines.slice(1, 3));
  t.same(
    strip(alertsFor(folder, await metrics())).map(({ severity, builder }) => [severity, builder]),
    [
      ['critical', 'broken-0'],
      ['critical', 'broken-1'],
    ],
    'no builder is left, and builders that are removed are gone',
  );

  client.machines(lines[0] ?? '');
  t.same(alertsFor(folder, await metrics()), [], 'a healthy fleet');

  client.host.write('/etc/nix/machines', `${lines.join('\n')}\nssh://last x86_64-linux - four\n`);
  const [only, ...others] = alertsFor(folder, await metrics());
  t.match(
    only,
    { alertname: 'NixRemoteBuildsBroken', severity: 'critical' },
    'a machines file that Nix refuses',
  );
  t.same(others, []);

  await client.host.sh(
    "sed -i '$d' /etc/nix/machines; echo 'builders = @/etc/nix/machines' > /etc/nix/nix.conf; echo nonsense >> /etc/nix/nix.conf",
  );
  t.same(
    alertsFor(folder, await metrics()).map(({ alertname }) => alertname),
    ['NixRemoteBuildsBroken'],
    "the client's own nix.conf breaks every build: one alert, not thirteen",
  );
});
