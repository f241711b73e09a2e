/**
 * What a silent builder costs: six builds with it in the list, through the script of `build-hook`, and with it left out.
 * `npx tsx scripts/bench/dead-builder.ts [RUNS]` prints medians of seconds. Root only: it starts real builders.
 */
import { configure } from '../../test/faults/configure.ts';
import { type Client, startFleet } from '../../test/fleet/index.ts';

const runs = Number(process.argv[2] ?? 5);
const state = '/root/hook-state';

const expression = (count: number): string =>
  `builtins.genList (n: derivation { name = "hook-\${toString n}-${Math.random()}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }) ${count}`;

/** Seconds of `calls` calls of Nix, each with `count` builds. */
async function seconds(
  client: Client,
  options: readonly string[],
  calls: number,
  count: number,
): Promise<number> {
  const started = performance.now();
  for (let call = 0; call < calls; call += 1) {
    const { exitCode, stderr } = await client.host.run(
      [
        'nix-build',
        '--no-out-link',
        '-j0',
        '--option',
        'substitute',
        'false',
        ...options,
        '-E',
        expression(count),
      ],
      { timeoutMs: 120_000 },
    );
    if (exitCode !== 0) throw new Error(stderr);
  }
  return (performance.now() - started) / 1000;
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;
}

const fleet = startFleet();
try {
  const client = await fleet.client({ nix: '2.34' });
  const [silent, good] = await Promise.all([fleet.builder({ nix: '2.34' }), fleet.builder({ nix: '2.34' })]);
  client.host.write('/root/.ssh/config', 'ConnectTimeout 5\n');
  client.machines(silent.line('ssh', 'x86_64-linux - 8 4'), good.line('ssh', 'x86_64-linux - 8 1'));
  const { stdout } = await client.doctor(['build-hook', '--state', state]);
  client.host.write('/etc/nix/build-hook', stdout, 0o755);
  await configure(client.host);
  await silent.host.sh('pkill -STOP -x sshd');
  const hook = ['--option', 'build-hook', '/etc/nix/build-hook'];
  const only = ['--builders', good.line('ssh', 'x86_64-linux - 8 1')];
  const cold = async (calls: number, count: number): Promise<number> => {
    await client.host.sh(`rm -rf ${state}`);
    return seconds(client, hook, calls, count);
  };
  const ways: Record<string, (calls: number, count: number) => Promise<number>> = {
    'left out by hand': (...how) => seconds(client, only, ...how),
    'build-hook, nothing known': cold,
    'build-hook, known to be silent': (...how) => seconds(client, hook, ...how),
  };
  for (const [calls, count] of [
    [6, 1],
    [1, 6],
  ] as const) {
    const figures = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
    for (let run = 0; run < runs; run += 1)
      for (const [name, way] of Object.entries(ways)) figures.get(name)?.push(await way(calls, count));
    const base = median(figures.get('left out by hand') ?? []);
    console.log(`${calls} calls with ${count} builds, ${runs} runs:`);
    for (const [name, own] of figures)
      console.log(`  ${name}: ${median(own).toFixed(2)} s, ${(median(own) / base).toFixed(2)}x`);
    const [once] = [await seconds(client, [], calls, count)];
    console.log(`  Nix alone, once: ${once.toFixed(2)} s, ${(once / base).toFixed(2)}x`);
  }
} finally {
  await fleet.close();
}
