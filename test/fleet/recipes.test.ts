import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { installGoss } from '../../scripts/bench/peers.ts';
import type { Client } from './client.ts';
import type { Host } from './host.ts';
import { withFleet } from './with-fleet.ts';

interface Workflow {
  jobs: { builders: { steps: { run?: string }[] } };
}

interface Pipeline {
  'nix-builders': { script: string[]; artifacts: { reports: { junit: string } } };
}

/** `sudo` and the installed command, on a client that has neither. */
async function install({ host }: Client): Promise<void> {
  await host.sh('mkdir -p /root/bin /root/recipe');
  host.write('/root/bin/sudo', '#!/bin/sh\nexec "$@"\n');
  host.write(
    '/root/bin/nix-remote-builder-doctor',
    `#!/bin/sh\nexec /run/node /run/project/dist/cli.js "$@"\n`,
  );
  await host.sh('chmod 755 /root/bin/*');
}

async function inWork(
  host: Host,
  script: string,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  host.write('/root/recipe/step.sh', script);
  const ran = await host.sh(
    'cd /root/recipe; export PATH=/root/bin:$PATH GITHUB_STEP_SUMMARY=/root/recipe/step-summary; bash -e step.sh; echo "exit $?"',
  );
  return { ...ran, exitCode: Number(/exit (\d+)\n$/.exec(ran.stdout)?.[1] ?? -1) };
}

withFleet(
  'the recipes of contrib: their own steps, on a real builder that is up and then down',
  async (t, fleet) => {
    await installGoss();
    const client = await fleet.client();
    const alpha = await fleet.builder({ name: 'alpha', nix: '2.34' });
    client.machines(alpha.line());
    await install(client);
    const workflow = parse(readFileSync('contrib/ci/github-actions.yml', 'utf8')) as Workflow;
    const github = workflow.jobs.builders.steps.find(({ run }) => run !== undefined)?.run ?? '';
    const pipeline = parse(readFileSync('contrib/ci/gitlab-ci.yml', 'utf8')) as Pipeline;
    const gitlab = pipeline['nix-builders'];
    const icinga = readFileSync('contrib/icinga/nix-remote-builders.conf', 'utf8');
    const [, words = ''] = /command = \[ (.*) \]/.exec(icinga) ?? [];
    const plugin = (JSON.parse(`[${words}]`) as string[])
      .map((word) => word.replace('/usr/local/bin/', ''))
      .join(' ');
    const telegraf = spawnSync(
      'python3',
      ['-c', 'import json, sys, tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)))'],
      { input: readFileSync('contrib/telegraf/nix-remote-builders.conf'), encoding: 'utf8' },
    );
    const { inputs } = JSON.parse(telegraf.stdout) as { inputs: { exec: { commands: string[] }[] } };
    const collect = (inputs.exec[0]?.commands[0] ?? '')
      .replace('sudo -n /usr/local/bin/', '')
      .replace(' check ', ' check -t tcp ');
    client.host.write('/root/recipe/goss.yaml', readFileSync('contrib/goss/goss.yaml', 'utf8'));
    client.host.write('/root/recipe/vars.yaml', '{builders: [alpha], scenarios: [tcp, store-ping]}');
    const goss = 'goss -g goss.yaml --vars vars.yaml validate --format tap';

    for (const up of [true, false]) {
      const state = up ? 'up' : 'down';
      if (!up) await alpha.host.stopSshd();
      await client.host.sh('rm -f /root/recipe/*.xml /root/recipe/step-summary');
      const actions = await inWork(client.host, github);
      t.equal(actions.exitCode, up ? 0 : 1, `GitHub, ${state}: ${actions.stderr}`);
      t.match(actions.stdout, up ? /^::notice/m : /^::error .*alpha/m);
      t.match(client.host.read('/root/recipe/step-summary'), up ? /healthy/i : /connection-refused/);
      t.match(client.host.read('/root/recipe/builders.xml'), up ? /failures="0"/ : /<failure/);

      const pipelineRan = await inWork(client.host, gitlab.script.join('\n'));
      t.equal(pipelineRan.exitCode, up ? 0 : 1, `GitLab, ${state}`);
      t.ok(existsSync(client.host.path(`/root/recipe/${gitlab.artifacts.reports.junit}`)));

      const icingaRan = await inWork(client.host, plugin);
      t.equal(icingaRan.exitCode, up ? 0 : 2, `Icinga, ${state}`);
      t.match(icingaRan.stdout, up ? /^NIX_BUILDERS OK/ : /^NIX_BUILDERS CRITICAL/);

      const collected = await inWork(client.host, collect);
      t.match(
        collected.stdout,
        `nix_remote_builder_up{builder="alpha"} ${up ? 1 : 0}\n`,
        `Telegraf, ${state}`,
      );
      t.equal(
        spawnSync('promtool', ['check', 'metrics'], { input: collected.stdout.replace(/exit \d+\n$/, '') })
          .status,
        0,
      );

      const gossRan = await inWork(client.host, goss);
      t.equal(gossRan.exitCode, up ? 0 : 1, `goss, ${state}: ${gossRan.stdout}${gossRan.stderr}`);
      t.match(
        gossRan.stdout,
        up ? /^ok \d+ - Command: store-ping on alpha/m : /^not ok \d+ - Command: tcp on alpha/m,
      );
      t.match(gossRan.stdout, /^ok \d+ - Command: store-ping on alpha/m, `${state}: what waits is no alert`);
    }
  },
);
