import { spawnSync } from 'node:child_process';
import t from 'tap';
import { needsOf, readDerivation } from '../../src/nix/derivation.ts';
import { countBuilds, observeBuilds } from '../../src/nix/trial-builds.ts';
import { clientTransport } from '../../src/transport/local-process.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { env, never } from '../connection/sshd.ts';

t.test('what a derivation needs, in every form that Nix tells it', (t) => {
  const plain = {
    system: 'x86_64-linux',
    env: { requiredSystemFeatures: 'kvm  big-parallel', preferLocalBuild: '1' },
  };
  const needs = { system: 'x86_64-linux', requiredFeatures: ['kvm', 'big-parallel'], preferLocalBuild: true };
  t.same(needsOf({ '/nix/store/x.drv': plain }), needs);
  t.same(needsOf({ version: 4, derivations: { 'x.drv': plain } }), needs);
  const attrs = { requiredSystemFeatures: ['kvm', 'big-parallel'], preferLocalBuild: true };
  const system = 'x86_64-linux';
  t.same(needsOf({ x: { system, env: { __json: JSON.stringify(attrs) } } }), needs);
  t.same(needsOf({ x: { system, structuredAttrs: attrs, env: {} } }), needs);
  t.same(needsOf({ x: { system, env: {} } }), { system, requiredFeatures: [], preferLocalBuild: false });
  t.throws(() => needsOf({}), /no derivation/);
  t.end();
});

const noNix = spawnSync('nix', ['--version']).status === 0 ? {} : { skip: 'there is no nix here' };
t.test('a real derivation is read by the real Nix', noNix, async (t) => {
  const state = t.testdir();
  const own = {
    ...env,
    HOME: state,
    ...{ NIX_STORE_DIR: `${state}/store`, NIX_STATE_DIR: `${state}/var`, NIX_LOG_DIR: `${state}/log` },
    ...{ NIX_CONF_DIR: state, NIX_REMOTE: '' },
  };
  const client = clientTransport({ env: own });
  const expression =
    'derivation { name = "x"; system = "aarch64-linux"; builder = "/b"; requiredSystemFeatures = [ "kvm" ]; }';
  const { stdout, stderr } = await client.run(['nix-instantiate', '-E', expression], {
    timeoutMs: 60_000,
    signal: never,
  });
  t.match(stdout, /\.drv\n$/, stderr);
  t.same(await readDerivation(stdout.trim(), client, never), {
    system: 'aarch64-linux',
    requiredFeatures: ['kvm'],
    preferLocalBuild: false,
  });
  await t.rejects(readDerivation('/no/such.drv', client, never), /such/);
});

t.test("builds are counted by Nix's log", (t) => {
  const log = `building '/nix/store/a.drv' on 'ssh://a'...
a> building '/nix/store/b.drv' on 'ssh://a'...
building '/nix/store/b.drv' on 'ssh-ng://b'...
building '/nix/store/c.drv' on 'ssh://a'...
building '/nix/store/d.drv'...
`;
  t.same(
    [...countBuilds(log)],
    [
      ['ssh://a', 2],
      ['ssh-ng://b', 1],
    ],
  );
  t.end();
});

t.test('trial builds last longer until all are under way at once', async (t) => {
  let now = 0;
  t.intercept(performance, 'now', { value: () => now });
  const lasted: number[] = [];
  const line = "building '/nix/store/a.drv' on 'ssh://a'...\n";
  /** Two builds, of which the second begins so long after the first. */
  const slow = (betweenMs: number): Transport => ({
    name: 'client',
    close: () => Promise.resolve(),
    run(command, { onOutput }) {
      const seconds = Number(/--argstr seconds '?(\d+)/.exec(command as string)?.[1] ?? 0);
      const result = { signal: null, stdout: '', stderr: line + line, timedOut: false, truncated: false };
      if (seconds > 0) lasted.push(seconds);
      onOutput?.('stderr', Buffer.from(line));
      now += betweenMs;
      onOutput?.('stderr', Buffer.from(line));
      return Promise.resolve({ ...result, exitCode: 0, durationMs: 0 });
    },
  });
  const observe = (betweenMs: number, allAtOnce: boolean): Promise<Map<string, number>> =>
    observeBuilds(
      { count: 12, allAtOnce },
      { system: 'x86_64-linux', requiredFeatures: [] },
      'ssh://a',
      { transport: slow(betweenMs), system: 'x86_64-linux' },
      never,
    );
  t.same([...(await observe(9_000, true))], [['ssh://a', 2]]);
  t.same(lasted.splice(0), [10]);
  await observe(30_000, true);
  t.same(lasted.splice(0), [10, 20, 40]);
  await observe(30_000, false);
  t.same(lasted.splice(0), [10], 'more builds than slots: they never are all under way');
  await t.rejects(observe(900_000, true), /never all under way at once, though each lasted 80 seconds/);
  t.same(lasted, [10, 20, 40, 80]);
});
