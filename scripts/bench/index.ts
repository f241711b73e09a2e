/**
 * `npm run bench [-- --quick]`: what the doctor costs, beside the least that the same work can cost and beside other
 * runners, on real builders of this machine. Prints every target with its figure; exits 1 when one is missed by more
 * than the noise of the run. Writes docs/performance.md, docs/bench.json and the chart.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { readSuite } from '../../src/setup/suite.ts';
import { type Client, type Fleet, startFleet } from '../../test/fleet/index.ts';
import { rootfs } from '../../test/fleet/rootfs.ts';
import { type Growth, measureGrowth } from './growth.ts';
import { installPeers, peers, putGoss } from './peers.ts';
import { recordWork, type Work } from './remote-work.ts';
import { chart, page, type Target } from './results.ts';
import { compare, type Comparison } from './rounds.ts';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = options.quick ? 3 : 7;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Throws unless the command ended as it should: a figure of something that failed is worth nothing. */
async function must(
  client: Client,
  words: string | readonly string[],
  codes: readonly number[] = [0],
): Promise<void> {
  const { exitCode, stderr, stdout } =
    typeof words === 'string'
      ? await client.host.sh(words)
      : await client.host.run([...words], { timeoutMs: 600_000 });
  if (!codes.includes(exitCode))
    throw new Error(`exit ${exitCode}: ${stderr.slice(-800)}${stdout.slice(-800)}`);
}

/** The same, and the processor time on the client of all that it started and waited for, in milliseconds. */
async function measured(client: Client, words: string | readonly string[]): Promise<number> {
  const run = typeof words === 'string' ? ['sh', '-c', words] : words;
  const timed = ['bash', '-c', `TIMEFORMAT=$'\\nprocessor %3U %3S'; time "$@"`, 'bash', ...run];
  const { exitCode, stderr, stdout } = await client.host.run(timed, { timeoutMs: 600_000 });
  const [, user, system] = /processor ([\d.]+) ([\d.]+)\n$/.exec(stderr) ?? [];
  if (exitCode !== 0 || user === undefined)
    throw new Error(`exit ${exitCode}: ${stderr.slice(-800)}${stdout.slice(-800)}`);
  return (Number(user) + Number(system)) * 1000;
}

/** The same remote commands in one script over one ssh, all builders at once: nothing that logs in can do it faster. */
function limit(client: Client, hosts: readonly string[], commands: readonly string[]): string {
  const script = commands.map((command) => `( ${command}\n) < /dev/null > /dev/null 2>&1`).join('\n');
  client.host.write('/tmp/limit.sh', `${script}\n`);
  return `for h in ${hosts.join(' ')}; do ssh -o BatchMode=yes root@$h sh -s < /tmp/limit.sh & done; wait`;
}

/** The command as others can judge it: it reads nothing, prints nothing, and its exit code is no matter. */
function harmless(command: string): string {
  return `sh -c ${quote(command)} < /dev/null > /dev/null 2>&1; true`;
}

let fleets = 0;

async function fleetOf(
  fleet: Fleet,
  count: number,
  client: Client,
): Promise<{ client: Client; hosts: string[] }> {
  fleets += 1;
  const builders = [];
  for (let index = 0; index < count; index += 1) {
    const builder = await fleet.builder({ name: `b${fleets}-${index}`, nix: '2.34' });
    putGoss(builder.host);
    builders.push(builder);
  }
  client.machines(...builders.map((builder) => builder.line()));
  return { client, hosts: builders.map(({ name }) => name) };
}

interface ReadOnly {
  count: number;
  /** Names of those that run beside it. */
  beside?: readonly string[];
  /** Its root folder has OpenSSH 9.2 (Debian 12, Nix 2.8) or 10 (Debian sid, Nix 2.34). The builders have 10. */
  openSsh?: '9.2' | '10';
}

async function readOnlyRun(
  fleet: Fleet,
  work: Work,
  { count, beside = [], openSsh = '9.2' }: ReadOnly,
): Promise<Comparison> {
  say(
    `read-only suite, ${count} ${count === 1 ? 'builder' : 'builders'}${beside.length > 0 ? ', with peers' : ''}, OpenSSH ${openSsh}`,
  );
  const own = await (openSsh === '10' ? fleet.client({ nix: '2.34' }) : fleet.client());
  const { client, hosts } = await fleetOf(fleet, count, own);
  putGoss(client.host);
  const { stderr } = await client.host.sh('ssh -V');
  if (!stderr.startsWith(`OpenSSH_${openSsh}`)) throw new Error(`not OpenSSH ${openSsh}: ${stderr}`);
  const bare = limit(client, hosts, work.remote);
  return compare(
    {
      limit: () => measured(client, bare),
      doctor: () => measured(client, client.doctorWords(['check', '--read-only', '-f', 'json=/tmp/r.json'])),
      ...Object.fromEntries(
        beside.map((name) => {
          const command = peers[name]?.(client, hosts, work.remote.map(harmless)) ?? 'false';
          return [name, () => measured(client, command)];
        }),
      ),
    },
    count > 50 ? Math.min(3, rounds) : rounds,
  );
}

/** One healthy builder with real builds, and the bare commands that the suite would have a person type. */
async function fullRun(fleet: Fleet, work: Work): Promise<Comparison> {
  say('full suite, one builder');
  const { client, hosts } = await fleetOf(fleet, 1, await fleet.client());
  const [host = ''] = hosts;
  const checks = [...work.report.clientChecks, ...work.report.builders.flatMap((builder) => builder.checks)];
  const local = checks.flatMap(({ observation }) =>
    observation?.target === 'client' && observation.command !== undefined ? [observation.command] : [],
  );
  const { scenarios } = await readSuite({ spec: [], defaultSpecs: true });
  const nonce = /nonce='?([0-9a-f]{16})/.exec(local.join('\n'))?.[1];
  if (nonce === undefined)
    throw new Error('no command names its nonce: what is built could not be told apart');
  const cleanups = scenarios.flatMap(({ cleanup }) =>
    cleanup.flatMap(({ on, command }) =>
      on === 'client' ? [command.replaceAll(/{{check\.nonce}}/g, nonce).replaceAll(/{{.*?}}/g, '')] : [],
    ),
  );
  const typed = [...new Set([...local, ...cleanups])].map((command) =>
    command.replaceAll(work.report.builders[0]?.host ?? '', host),
  );
  return compare(
    {
      // What was built in one round is not built again in the next under the same name.
      'bare commands': () => {
        const round = renamer();
        const script = typed
          .map(round)
          .map((command, index) => `( ${command}\n) > /dev/null 2>&1 || failed="$failed ${index}"`);
        return must(
          client,
          [
            'failed=',
            limit(client, hosts, work.remote.map(round)),
            ...script,
            '[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }',
          ].join('\n'),
        );
      },
      doctor: () => must(client, client.doctorWords(['check', '-f', 'json=/tmp/r.json'])),
    },
    rounds,
  );
}

/** Gives every word that was made to be unique (sixteen hexadecimal digits) a new one. */
function renamer(): (text: string) => string {
  const names = new Map<string, string>();
  return (text) =>
    text.replaceAll(/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g, (old) => {
      const name = names.get(old) ?? randomBytes(8).toString('hex');
      names.set(old, name);
      return name;
    });
}

async function startUp(): Promise<Comparison> {
  say('start-up');
  const node = (...args: string[]) => {
    return (): void => {
      const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
      if (status !== 0) throw new Error(`node ${args.join(' ')}: exit ${status}`);
    };
  };
  return compare(
    {
      'node -e 0': node('-e', '0'),
      '--version': node('dist/cli.js', '--version'),
      '--help': node('dist/cli.js', '--help'),
      'lint specs': node('dist/cli.js', 'lint', 'specs'),
    },
    rounds * 3,
  );
}

async function growth(fleet: Fleet): Promise<{ refusing: Growth[]; silent: Growth[] }> {
  const client = await fleet.client();
  const refusing: Growth[] = [];
  for (const count of options.quick ? [10, 100, 1000] : [10, 100, 1000, 5000]) {
    say(`growth: ${count} builders`);
    refusing.push(await measureGrowth(client, 'refusing', count, ['--stage', 'network']));
  }
  const silent: Growth[] = [];
  for (const count of [1, 1000]) {
    say(`growth: ${count} dead builders`);
    silent.push(await measureGrowth(client, 'silent', count, []));
  }
  return { refusing, silent };
}

async function main(): Promise<number> {
  await Promise.all([rootfs('2.26'), rootfs('2.34')]);
  const starting = await startUp();
  const fleet = startFleet();
  try {
    await installPeers();
    const readOnly = await recordWork(fleet, 'recorder', ['--read-only']);
    const full = await recordWork(fleet, 'recorder-full', []);
    const one = await readOnlyRun(fleet, readOnly, { count: 1 });
    const twenty = await readOnlyRun(fleet, readOnly, { count: 20, beside: Object.keys(peers) });
    const newer = await readOnlyRun(fleet, readOnly, { count: 20, beside: ['goss'], openSsh: '10' });
    const hundred = await readOnlyRun(fleet, readOnly, { count: 100 });
    const whole = await fullRun(fleet, full);
    const grown = await growth(fleet);
    const at = (list: Growth[], count: number): Growth =>
      list.find(({ builders }) => builders === count) ?? (list.at(-1) as Growth);
    const most = grown.refusing.at(-1)?.builders ?? 0;
    const dead = at(grown.silent, 1000).seconds / at(grown.silent, 1).seconds;
    const doctor20 = twenty.ratio['doctor'] ?? { median: Number.NaN, noise: 0 };
    const bestPeer = Math.min(...Object.keys(peers).map((name) => twenty.ratio[name]?.median ?? Number.NaN));
    const newerDoctor = newer.ratio['doctor'] ?? { median: Number.NaN, noise: 0 };
    const newerPeer = newer.ratio['goss']?.median ?? Number.NaN;
    const target = (
      name: string,
      most: number,
      figure: { median: number; noise: number } | number | undefined,
    ): Target => {
      const { median, noise } =
        typeof figure === 'object' ? figure : { median: figure ?? Number.NaN, noise: 0 };
      return { name, most, figure: median, noise, met: median <= most + noise };
    };
    const targets = [
      target('read-only suite, 20 builders: times the limit', 1.3, doctor20),
      target('read-only suite, 20 builders: times the best peer', 0.3, {
        median: doctor20.median / bestPeer,
        noise: doctor20.noise / bestPeer,
      }),
      target('the same with OpenSSH 10 on both sides: times the limit', 1.3, newerDoctor),
      target('the same with OpenSSH 10 on both sides: times the best peer', 0.3, {
        median: newerDoctor.median / newerPeer,
        noise: newerDoctor.noise / newerPeer,
      }),
      target('the same, processor time of the client: times the limit', 2, newer.processorRatio['doctor']),
      target('read-only suite, 100 builders: times the limit', 1.5, hundred.ratio['doctor']),
      target('full suite, one builder: times the bare commands', 1.5, whole.ratio['doctor']),
      target('--version: times bare node', 1.5, starting.ratio['--version']),
      target('--help: times bare node', 1.5, starting.ratio['--help']),
      target('lint of the default suite: times bare node', 3, starting.ratio['lint specs']),
      target(
        `time per builder, ${most} against 100`,
        1.3,
        at(grown.refusing, most).msPerBuilder / at(grown.refusing, 100).msPerBuilder,
      ),
      target('memory at 1,000 builders, network stage, MB', 250, at(grown.refusing, 1000).memoryMb),
      target('memory at 1,000 dead builders, whole suite, MB', 250, at(grown.silent, 1000).memoryMb),
      target(
        'longest pause of the event loop, ms',
        100,
        Math.max(...grown.refusing.map(({ longestPauseMs }) => longestPauseMs)),
      ),
      target('1,000 dead builders: times one', 3, dead),
      target('logins of a builder, read-only suite', 2, readOnly.logins),
    ];
    const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? ''}), Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
    const results = {
      machine,
      targets,
      one,
      twenty,
      newer,
      hundred,
      whole,
      starting,
      grown,
      work: { readOnly: brief(readOnly), full: brief(full) },
    };
    writeFileSync('docs/bench.json', `${JSON.stringify(results, null, 2)}\n`);
    writeFileSync('docs/images/bench.svg', chart(twenty));
    writeFileSync('docs/performance.md', page(results));
    process.stderr.write('docs/ is written; npm run docs puts the figures into the README\n');
    for (const { name, most: bound, figure, noise, met } of targets)
      process.stdout.write(
        `${met ? 'met   ' : 'MISSED'}  ${name}: ${figure.toFixed(2)} (at most ${bound}, noise ${noise.toFixed(2)})\n`,
      );
    return targets.every(({ met }) => met) ? 0 : 1;
  } finally {
    await fleet.close();
  }
}

function brief({ sessions, remote, logins, connections, bytes, local }: Work): object {
  return { logins, connections, bytes, sessions, remoteCommands: remote.length, localPrograms: local };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

process.exitCode = await main();
