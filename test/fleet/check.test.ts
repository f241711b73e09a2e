import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report, ReportBuilder } from '../../src/generated/types.ts';
import { withFleet } from './with-fleet.ts';

function builderOf({ builders }: Report, name: string): ReportBuilder {
  const found = builders.find((builder) => builder.name === name);
  if (found === undefined) throw new Error(`no builder ${name} in the report`);
  return found;
}

function outcomesOf({ checks }: ReportBuilder, outcome: string): string[] {
  return checks.filter((check) => check.outcome === outcome).map(({ scenario }) => scenario);
}

/** What is not well, in words: the first thing that someone wants to know when the verdict is not the expected one. */
function redChecks({ builders }: Report): string[] {
  return builders.flatMap(({ uri, checks }) =>
    checks
      .filter(({ outcome }) => outcome === 'fail' || outcome === 'error')
      .map((check) => `${uri} ${check.scenario}: ${check.cause ?? check.outcome}: ${check.message}`),
  );
}

withFleet(
  'three Nix versions over both schemes are healthy, and each build tells where it ran',
  async (t, fleet) => {
    const client = await fleet.client();
    const builders = await Promise.all([
      fleet.builder({ name: 'old', nix: '2.8' }),
      fleet.builder({ name: 'middle', nix: '2.26' }),
      fleet.builder({ name: 'new', nix: '2.34' }),
    ]);
    client.machines(...builders.flatMap((builder) => [builder.line('ssh'), builder.line('ssh-ng')]));
    const { exitCode, report } = await client.check();
    t.same(redChecks(report), []);
    t.equal(exitCode, 0);
    t.equal(report.summary.verdict, 'healthy');
    t.same(report.summary.builders, { total: 6, healthy: 6, unhealthy: 0 });
    for (const { uri, host, rootCause, checks } of report.builders) {
      t.equal(rootCause, null, uri);
      const build = checks.find(({ scenario }) => scenario === 'local-to-remote-build');
      t.equal(build?.outcome, 'pass', uri);
      t.equal(build?.message, `built on ${host}`, uri);
      t.match(
        build?.observation?.stdout,
        new RegExp(`^host=${host} input=doctor-local-to-remote-build-`),
        uri,
      );
    }
  },
);

withFleet('a client of each Nix version finds a healthy builder healthy', async (t, fleet) => {
  const builder = await fleet.builder({ name: 'alpha', nix: '2.34' });
  for (const nix of ['2.26', '2.34'] as const) {
    const client = await fleet.client({ nix });
    client.machines(builder.line('ssh'), builder.line('ssh-ng'));
    const { exitCode, report } = await client.check();
    t.same(redChecks(report), [], nix);
    t.equal(exitCode, 0, nix);
    t.match(report.client.nixVersion, nix);
    t.equal(report.summary.verdict, 'healthy', nix);
  }
});

withFleet(
  'a stopped SSH server is one red check; the rest waits for it, and others are unaffected',
  async (t, fleet) => {
    const client = await fleet.client();
    const up = await fleet.builder({ name: 'up', nix: '2.34' });
    const down = await fleet.builder({ name: 'down' });
    await down.host.stopSshd();
    client.machines(up.line(), down.line());
    const { exitCode, report } = await client.check();
    t.equal(exitCode, 1);
    t.equal(report.summary.verdict, 'degraded');
    const broken = builderOf(report, 'down');
    t.same(outcomesOf(broken, 'fail'), ['tcp']);
    t.same(outcomesOf(broken, 'error'), []);
    t.equal(broken.rootCause?.cause, 'connection-refused');
    for (const { scenario, outcome, blockedBy } of broken.checks) {
      if (outcome === 'blocked') t.equal(blockedBy, 'tcp', scenario);
    }
    t.ok(outcomesOf(broken, 'blocked').includes('local-to-remote-build'));
    t.equal(builderOf(report, 'up').verdict, 'healthy');
    await down.host.startSshd();
    t.equal((await client.check()).report.summary.verdict, 'healthy');
  },
);

withFleet(
  'builders that are broken in different ways are each named with their own cause',
  async (t, fleet) => {
    const client = await fleet.client();
    const [unknown, refused, noisy, nologin, gone] = await Promise.all([
      fleet.builder({ name: 'unknown', trusted: false }),
      fleet.builder({ name: 'refused', nix: '2.26' }),
      fleet.builder({ name: 'noisy', nix: '2.34' }),
      fleet.builder({ name: 'nologin', user: { name: 'nix', shell: '/usr/sbin/nologin' } }),
      fleet.builder({ name: 'gone' }),
    ]);
    await refused.host.sh('echo > /root/.ssh/authorized_keys');
    await noisy.host.sh('echo "echo hello from a start-up file" > /root/.bashrc');
    client.machines(
      ...[unknown, refused, noisy, nologin].map((one) => one.line()),
      'ssh-ng://root@nowhere.invalid',
      gone.line('ssh'),
    );
    client.host.write('/root/.ssh/known_hosts', client.knownHosts().replace(gone.hostKey, noisy.hostKey));
    const { exitCode, report } = await client.check();
    t.equal(exitCode, 1);
    t.equal(report.summary.verdict, 'unhealthy');
    const causes = Object.fromEntries(report.builders.map(({ name, rootCause }) => [name, rootCause?.cause]));
    t.same(causes, {
      unknown: 'host-key-unknown',
      refused: 'not-authorised',
      noisy: 'shell-noise',
      nologin: 'shell-nologin',
      'nowhere.invalid': 'name-unknown',
      gone: 'host-key-changed',
    });
  },
);

withFleet('printed fixes work as they stand', async (t, fleet) => {
  const client = await fleet.client();
  const unknown = await fleet.builder({ name: 'unknown', trusted: false });
  const refused = await fleet.builder({ name: 'refused', nix: '2.34' });
  const open = await fleet.builder({ name: 'open' });
  await refused.host.sh('echo > /root/.ssh/authorized_keys');
  await client.host.sh(
    'install -D -m 644 /root/.ssh/id_ed25519 /etc/nix/open_key && mv /root/.ssh/id_ed25519 /root/.ssh/other && mv /root/.ssh/id_ed25519.pub /root/.ssh/other.pub',
  );
  client.machines(
    unknown.line('ssh-ng', '- /root/.ssh/other'),
    refused.line('ssh-ng', '- /root/.ssh/other'),
    open.line('ssh-ng', '- /etc/nix/open_key'),
  );
  const { report } = await client.check();
  t.same(
    report.builders.map(({ rootCause }) => rootCause?.cause),
    ['host-key-unknown', 'not-authorised', 'key-too-open'],
  );
  for (const [index, builder] of [unknown, refused, open].entries()) {
    for (const step of report.builders[index]?.rootCause?.fix ?? []) {
      if (step.run === undefined || step.run.includes('journalctl')) continue;
      const ran = await (step.on === 'client' ? client.host : builder.host).sh(step.run);
      t.equal(ran.exitCode, 0, `${step.run}: ${ran.stderr}`);
    }
  }
  const after = await client.check();
  t.same(
    after.report.builders.map(({ rootCause }) => rootCause),
    [null, null, null],
  );
  t.equal(after.exitCode, 0);
});

withFleet('one bad line is said to break every build, with its place', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder({ name: 'alpha' });
  client.machines('# our builders', builder.line(), 'ssh-ng://root@beta x86_64-linux - four');
  const { exitCode, report } = await client.check();
  t.equal(exitCode, 1);
  t.equal(report.summary.verdict, 'unhealthy');
  const [first] = report.clientChecks.filter(({ outcome }) => outcome === 'fail');
  t.equal(first?.cause, 'machines-file-bad-entry');
  t.match(first?.message, /breaks every build on this machine/);
  t.match(first?.message, '/etc/nix/machines:3:35: ');
  t.equal(builderOf(report, 'alpha').rootCause?.scenario, 'machines-file');
  const real = await client.host.sh(
    `nix-build --no-out-link -E 'derivation { name = "t"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }'`,
  );
  t.not(real.exitCode, 0, 'Nix itself agrees');
  t.match(real.stderr, 'unexpected EOF reading a line');
});

withFleet(
  'an unsigned input for a user that the builder does not trust is named, with both ways out',
  async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder({ name: 'alpha', nix: '2.34', user: { name: 'nix' } });
    client.machines(builder.line('ssh-ng'));
    const { report } = await client.check();
    const cause = builderOf(report, 'alpha').rootCause;
    t.equal(cause?.scenario, 'local-to-remote-build');
    t.match(cause?.cause, /^(untrusted-user|unsigned-input)$/);
    t.equal(cause?.fix.length, 2);
  },
);

withFleet(
  'an ordinary user of a multi-user Nix is told what cannot be seen, and nothing is judged',
  async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder({ name: 'alpha' });
    client.machines(builder.line());
    await client.host.sh(
      "echo 'alice:x:1400:1400::/home/alice:/bin/sh' >> /etc/passwd; install -d -o 1400 /home/alice",
    );
    const words = client.doctorWords(['check', '-f', 'json']);
    const ran = await client.host.run(
      ['setpriv', '--reuid=1400', '--regid=1400', '--clear-groups', ...words],
      { env: { HOME: '/home/alice', USER: 'alice' } },
    );
    t.equal(ran.exitCode, 3, ran.stderr);
    const report = JSON.parse(ran.stdout) as Report;
    t.equal(report.summary.checks.fail, 0);
    t.match(ran.stderr, /sudo nix-remote-builder-doctor/);
    t.equal(builderOf(report, 'alpha').rootCause?.cause, 'not-root');
    t.equal(
      builderOf(report, 'alpha').checks.find(({ scenario }) => scenario === 'connection')?.outcome,
      'blocked',
    );
  },
);

withFleet('the fleet leaves nothing behind', async (t, fleet) => {
  const builder = await fleet.builder({ name: 'alpha' });
  const init = builder.host.enter()[1] ?? '';
  const folder = dirname(builder.host.path('/root'));
  t.ok(existsSync(`/proc/${init}`) && existsSync(folder), 'it was there');
  await fleet.close();
  t.notOk(existsSync(folder), 'its folder is gone');
  for (let tries = 0; tries < 100 && existsSync(`/proc/${init}`); tries += 1) await sleep(20);
  t.notOk(existsSync(`/proc/${init}`), 'its processes are gone');
});
