import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import type { Report } from '../../src/generated/types.ts';
import { withFleet } from './with-fleet.ts';

const token = 'my-private-word-0815';

/** In namespaces without network, Nix's files, root's ssh files and any program on PATH. */
function replayElsewhere(file: string): { status: number | null; stdout: string; stderr: string } {
  const script =
    'for folder in /etc/nix /root/.ssh /nix; do [ ! -d $folder ] || mount -t tmpfs none $folder; done; exec env -i "$@"';
  const words = [
    'PATH=/nowhere',
    process.execPath,
    resolve('dist/cli.js'),
    'check',
    '--replay',
    file,
    '-f',
    'json',
  ];
  return spawnSync('unshare', ['-m', '-n', 'sh', '-c', script, 'sh', ...words], { encoding: 'utf8' });
}

function causes({ clientChecks, builders }: Report): unknown {
  const short = ({ scenario, outcome, cause }: Report['clientChecks'][number]): string =>
    `${scenario} ${outcome} ${cause ?? ''}`;
  return [
    clientChecks.map(short),
    builders.map(({ name, verdict, checks }) => [name, verdict, checks.map(short)]),
  ];
}

withFleet(
  'what was recorded of broken builders gives the same causes elsewhere, and no secret',
  async (t, fleet) => {
    const client = await fleet.client({ nix: '2.34', nixConf: { 'access-tokens': `example.org=${token}` } });
    const [jobless, keyless, other] = await Promise.all([
      fleet.builder({ nixConf: { 'max-jobs': '0' } }),
      fleet.builder({ nix: '2.34' }),
      fleet.builder({ name: 'not-chosen' }),
    ]);
    keyless.host.write('/root/.ssh/authorized_keys', `# ghp_${'a'.repeat(30)}\n`);
    client.machines(jobless.line(), keyless.line('ssh'), other.line());
    const live = await client.check(['-e', 'not-chosen', '--record', '/root/bug.json.gz']);
    t.match(
      live.report.builders.map(({ rootCause }) => rootCause?.cause),
      ['builder-max-jobs-zero', 'not-authorised'],
    );
    t.match(
      live.stderr,
      /^Recorded in \/root\/bug\.json\.gz\. Removed: .*1 x setting of Nix that holds secrets/m,
    );
    t.match(live.stderr, /It still holds host names/);

    const file = `${t.testdir()}/bug.json.gz`;
    execFileSync('cp', [client.host.path('/root/bug.json.gz'), file]);
    await Promise.all([jobless, keyless, other].map(({ host }) => host.stop()));
    const text = gunzipSync(readFileSync(file)).toString('utf8');
    t.notMatch(text, token, 'the token is gone, wherever it stood');
    t.notMatch(text, /PRIVATE KEY|ghp_aaa/);
    t.match(JSON.parse(text), { removed: [{ what: String }], run: { tool: { name: String } } });

    const again = replayElsewhere(file);
    t.equal(again.status, live.exitCode, again.stderr);
    t.same(causes(JSON.parse(again.stdout) as Report), causes(live.report));
    t.notMatch(again.stderr, /recorded run|recorded one/, 'nothing is found otherwise');
  },
);
