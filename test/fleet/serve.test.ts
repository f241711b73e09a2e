import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../src/generated/types.ts';
import { withFleet } from './with-fleet.ts';

interface Answer {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
}

function fetchFrom(url: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent: false });
    asked.end();
    asked.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
  });
}

withFleet(
  'serve: what it answers follows the builders, and a Prometheus raises the alarm',
  async (t, fleet) => {
    const client = await fleet.client();
    const alpha = await fleet.builder({ name: 'alpha', nix: '2.34' });
    const beta = await fleet.builder({ name: 'beta' });
    client.machines(alpha.line(), beta.line());
    const words = client.doctorWords([
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--interval',
      '1s',
      '--read-only',
      '--timeout',
      '5s',
      // A builder that is gone: it must not keep the others from being watched.
      '--exclude',
      'gone',
    ]);
    const child = spawn('nsenter', [...client.host.enter(), ...words], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const until = async (what: string, test: () => Promise<boolean> | boolean): Promise<void> => {
      const end = performance.now() + 45_000;
      while (performance.now() < end) {
        if (await test()) return void t.pass(what);
        await sleep(200);
      }
      t.fail(`${what}: not within 45 s: ${said}`);
    };
    await until('it listens', () => /listening on (http:\S+)/.test(said));
    const base = /listening on (http:[^\s,]+)\/,/.exec(said)?.[1] ?? '';
    const health = async (): Promise<number> => (await fetchFrom(`${base}/healthz`)).status;
    const metrics = async (): Promise<string> => (await fetchFrom(`${base}/metrics`)).text;
    await until('healthy at first', async () => (await health()) === 200);

    const page = await fetchFrom(`${base}/`);
    t.match(page.text, /2 of 2 builders healthy/);
    t.equal(page.headers['x-content-type-options'], 'nosniff');
    const report = JSON.parse((await fetchFrom(`${base}/report.json`)).text) as Report;
    t.equal(report.summary.verdict, 'healthy');
    for (const method of ['POST', 'PUT', 'DELETE'])
      t.equal((await fetchFrom(`${base}/`, method)).status, 405, method);
    t.equal((await fetchFrom(`${base}/../../etc/passwd`)).status, 404);

    // A real Prometheus, with the rules that the package ships.
    const folder = mkdtempSync(join(tmpdir(), 'nrbd-prometheus-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const rules = readFileSync('contrib/prometheus/alerts.yml', 'utf8').replace(/for: \w+/g, 'for: 1s');
    writeFileSync(join(folder, 'alerts.yml'), rules);
    execFileSync('promtool', ['check', 'rules', 'contrib/prometheus/alerts.yml']);
    writeFileSync(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [alerts.yml]\nscrape_configs: [{job_name: doctor, static_configs: [{targets: ['${base.slice(7)}']}]}]\n`,
    );
    const port = 20_000 + (process.pid % 20_000);
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    t.teardown(() => prometheus.kill('SIGKILL'));
    const alerts = async (): Promise<string> =>
      fetchFrom(`http://127.0.0.1:${port}/api/v1/alerts`).then(
        ({ text }) => text,
        () => '',
      );

    await beta.host.stopSshd();
    await until('a stopped builder is told', async () =>
      (await metrics()).includes('nix_remote_builder_up{builder="beta"} 0'),
    );
    const text = await metrics();
    t.match(text, 'nix_remote_builder_up{builder="alpha"} 1');
    t.match(
      text,
      'nix_remote_builder_root_cause{builder="beta",scenario="tcp",cause="connection-refused"} 1',
    );
    t.equal(
      spawnSync('promtool', ['check', 'metrics'], { input: text }).status,
      0,
      'promtool has no complaint',
    );
    t.equal(await health(), 503);
    await until('the alert fires', async () =>
      /NixRemoteBuilderDown.*"state":"firing"/s.test(await alerts()),
    );
    await beta.host.startSshd();
    await until('and it is healthy again', async () => (await health()) === 200);

    client.host.write('/etc/nix/machines', 'ssh://alpha x86_64-linux - four\n');
    await until('a machines file that Nix refuses is not healthy', async () => (await health()) === 503);
    client.host.write('/etc/nix/machines', '');
    await until('an empty one is told, and it goes on serving', async () =>
      (await metrics()).includes('nix_remote_builders_doctor_stale 1'),
    );
    client.machines(alpha.line());
    const { stdout } = await client.host.sh("pgrep -f '^/run/node .*serve'");
    const pid = stdout.trim();
    await client.host.sh(`kill -HUP ${pid}`);
    await until('a good one is read again', async () => (await health()) === 200);
    t.notMatch(await metrics(), 'beta', 'a builder that was removed raises no alarm any more');

    const memory = async (): Promise<number> =>
      Number((await client.host.sh(`awk '/VmRSS/ {print $2}' /proc/${pid}/status`)).stdout) / 1024;
    const files = async (): Promise<number> =>
      Number((await client.host.sh(`ls /proc/${pid}/fd | wc -l`)).stdout);
    t.ok(
      (await memory()) < 300 && (await files()) < 60,
      `${Math.round(await memory())} MB, ${await files()} files`,
    );
    await client.host.sh(`kill -TERM ${pid}`);
    await new Promise((resolve) => child.once('close', resolve));
    t.same(
      readdirSync(client.host.path('/tmp')).filter((name) => name.startsWith('nrbd-')),
      [],
    );
  },
);
