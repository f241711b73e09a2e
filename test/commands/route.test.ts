import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { cli } from './cli.ts';

const route = (...args: string[]): ReturnType<typeof cli> => cli('route', ...args);

const two = 'ssh://alpha x86_64-linux - 4 1 ; ssh://beta x86_64-linux,riscv64-linux - 4 2 kvm';
const request = ['--builders', two, '--nix-version', '2.34', '--system', 'x86_64-linux'];

t.test('a table of all builders, and the sentence', async (t) => {
  const load = t.testdir({ 'ssh:__beta-0': '', 'ssh:__alpha-0': '' });
  const child = spawn('flock', [join(load, 'ssh:__beta-0'), 'sh', '-c', 'echo held; sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  t.teardown(() => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  await once(child.stdout, 'data');
  const { code, out } = route(...request, '--current-load', load);
  t.equal(code, 0);
  t.match(out, /^\* +ssh:\/\/alpha +0\/4 +1 +0 +chosen$/m);
  t.match(out, /^ +ssh:\/\/beta +1\/4 +2 +0\.5 +could take it$/m);
  t.match(out, "ssh://alpha: 0 of 4 slots busy, speed 1, key 0, beats ssh://beta's 0.5.");
});

t.test('why not, with the place in the machines file', (t) => {
  const file = t.testdir({ machines: 'ssh://alpha x86_64-linux\nssh://beta riscv64-linux - 4\n' });
  const { code, out } = route('-m', `${file}/machines`, '--nix-version', '2.34', '--system', 'riscv64-linux');
  t.equal(code, 0);
  t.match(
    out,
    `no: its systems are x86_64-linux, not riscv64-linux ("x86_64-linux" at ${file}/machines:1:13)`,
  );
  const nobody = route('-m', `${file}/machines`, '--nix-version', '2.34', '--system', 'mips-linux');
  t.equal(nobody.code, 1);
  t.match(nobody.out, /No builder can take it: this machine cannot build it either/);
  t.end();
});

t.test('many builds in a row, as bars', (t) => {
  const fast = 'ssh://fast x86_64-linux - 4 10 ; ssh://slow x86_64-linux - 4 1';
  const { out } = route(
    '--builders',
    fast,
    '--nix-version',
    '2.8',
    '--system',
    'x86_64-linux',
    '--jobs',
    '4',
  );
  t.match(out, /^ssh:\/\/fast +4 +█{30}$/m);
  t.match(out, /^ssh:\/\/slow +0$/m);
  t.match(out, /pile up on ssh:\/\/fast .*The fifth column spreads them/);
  t.end();
});

t.test('as JSON', (t) => {
  const { code, out } = route(...request, '--feature', 'kvm', '--jobs', '2', '-f', 'json');
  t.equal(code, 0);
  t.match(JSON.parse(out), {
    request: { system: 'x86_64-linux', requiredFeatures: ['kvm'] },
    reply: 'accept',
    builder: 'ssh://beta',
    slot: 'ssh:__beta-0',
    candidates: [
      { uri: 'ssh://alpha', eligible: false, reason: { code: 'feature' } },
      { uri: 'ssh://beta', eligible: true, key: '0' },
    ],
    computed: { builders: [{ builds: 0 }, { builds: 2 }], order: ['ssh://beta', 'ssh://beta'] },
  });
  t.end();
});

t.test('what cannot be asked is exit code 2', (t) => {
  t.match(route(...request, '--jobs', '0'), { code: 2, err: /--jobs wants/ });
  t.match(route('--builders', 'ssh://a - - lots', '--nix-version', '2.34'), {
    code: 2,
    err: /refuses the machines file/,
  });
  t.match(route(...request, '--derivation', '/no.drv'), { code: 2, err: /leave --system and --feature out/ });
  t.match(route('--builders', two, '--derivation', '/no/such.drv'), {
    code: 2,
    err: /cannot read \/no\/such\.drv/,
  });
  t.match(route(...request, '-f', 'xml'), { code: 2, err: /no format "xml"/ });
  t.end();
});
