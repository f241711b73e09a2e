import t from 'tap';
import { type Builder, parseMachines } from '../../src/machines/index.ts';
import { distribute } from '../../src/routing/distribute.ts';
import { canBuildHere } from '../../src/routing/decide.ts';
import { adviceOn, explainChoice } from '../../src/routing/explain.ts';
import { type BuildRequest, chooseBuilder, type RoutingClient } from '../../src/routing/index.ts';

const client: RoutingClient = {
  nixVersion: '2.34.8',
  system: 'x86_64-linux',
  extraPlatforms: ['i686-linux'],
  systemFeatures: ['benchmark'],
  maxJobs: 2,
};
const old = { ...client, nixVersion: '2.8.0' };
const plain: BuildRequest = { system: 'x86_64-linux', requiredFeatures: [], localSlotFree: true };

function builders(text: string): Builder[] {
  return parseMachines(text, { nixVersion: '2.34.8', system: 'x86_64-linux', readFile: () => null }).builders;
}

function sentence(
  text: string,
  { request = plain, busy = [] as string[], prefer = false, who = client } = {},
): string {
  const choice = chooseBuilder(builders(text), request, who, (slot) => busy.includes(slot));
  return explainChoice(choice, request, who, { preferLocalBuild: prefer });
}

t.test('the winner, and by what it wins', (t) => {
  const two = 'ssh://alpha - - 4 1\nssh://beta - - 4 2';
  t.equal(
    sentence(two, { busy: ['ssh:__alpha-0', 'ssh:__beta-0'] }),
    "ssh://beta: 1 of 4 slots busy, speed 2, key 0.5, beats ssh://alpha's 1.",
  );
  t.match(
    sentence(two),
    "ssh://beta: 0 of 4 slots busy, speed 2, key 0, equals ssh://alpha's, and it is the faster",
  );
  t.match(
    sentence('ssh://alpha - - 4\nssh://beta - - 4'),
    /ssh:\/\/alpha: .*stands first in the machines file/,
  );
  t.match(
    sentence('ssh://alpha - - 9 4\nssh://beta - - 9 4', {
      who: old,
      busy: ['ssh:__alpha-0', 'ssh:__alpha-1', 'ssh:__beta-0'],
    }),
    /ssh:\/\/beta: .* it has less to do/,
  );
  t.match(sentence('ssh://alpha\nssh://b riscv64-linux'), /the only builder that can take this now/);
  t.end();
});

t.test('why nobody wins, and what Nix does then', (t) => {
  const aarch64 = { ...plain, system: 'aarch64-linux' };
  t.match(sentence(''), 'There are no builders: this machine builds it itself.');
  t.match(sentence('ssh://a aarch64-linux'), 'No builder can take it: this machine builds it itself.');
  t.match(
    sentence('ssh://a', { request: aarch64 }),
    /cannot build it either, for it is a x86_64-linux: the build fails/,
  );
  t.match(
    sentence('ssh://a', { busy: ['ssh:__a-0'] }),
    'Every builder that could take it is full: this machine',
  );
  t.match(
    sentence('ssh://a aarch64-linux', { request: aarch64, busy: ['ssh:__a-0'] }),
    /full, so Nix waits for a slot/,
  );
  t.match(sentence('ssh://a', { prefer: true }), /preferLocalBuild, and this machine can build it/);
  t.match(sentence('ssh://a aarch64-linux', { request: aarch64, prefer: true }), /^ssh:\/\/a: /);
  t.end();
});

t.test('whether this machine could build it', (t) => {
  t.same(canBuildHere(plain, client), { can: true });
  t.same(canBuildHere({ ...plain, system: 'i686-linux' }, client), { can: true });
  t.same(canBuildHere(plain, { ...client, maxJobs: 0 }), { can: false, why: 'its max-jobs is 0' });
  t.same(canBuildHere({ ...plain, requiredFeatures: ['kvm', 'benchmark'] }, client), {
    can: false,
    why: 'it lacks kvm',
  });
  t.end();
});

t.test('where many builds go', (t) => {
  const text = 'ssh://fast - - 4 10\nssh://slow - - 4 1';
  const names = (who: RoutingClient, builds = 6): (string | null)[] =>
    distribute(
      builders(text),
      { ...plain, localSlotFree: who.maxJobs > 0 },
      who,
      () => false,
      builds,
    ).order.map((uri) => uri?.slice(6) ?? null);
  t.same(names(old), ['fast', 'fast', 'fast', 'fast', 'slow', 'slow'], 'whole numbers, up to Nix 2.19');
  t.same(names(client), ['fast', 'slow', 'fast', 'fast', 'fast', 'slow'], 'broken numbers, from 2.20');
  const all = distribute(builders(text), plain, client, () => false, 12);
  t.match(all, { counts: [{ builds: 4 }, { builds: 4 }], local: 2, waiting: 2 });
  const none = distribute(
    builders('ssh://a riscv64-linux'),
    plain,
    { ...client, maxJobs: 0 },
    () => false,
    2,
  );
  t.match(none, { counts: [{ builds: 0 }], local: 0, waiting: 2 });
  t.match(
    adviceOn(
      distribute(builders(text), plain, old, () => false, 4),
      old,
    ),
    /pile up on ssh:\/\/fast .*fewer than 10/,
  );
  t.equal(adviceOn(all, client), null);
  t.end();
});

t.test('every reason names the column of the machines file that causes it', (t) => {
  const reason = (line: string, request: Partial<BuildRequest> = {}, busy = false): unknown =>
    chooseBuilder(builders(line), { ...plain, ...request }, client, () => busy).candidates[0]?.reason;
  t.match(reason('ssh://a riscv64-linux'), {
    code: 'system',
    text: 'its systems are riscv64-linux, not x86_64-linux',
    field: { text: 'riscv64-linux', line: 1, column: 9 },
  });
  t.match(reason('ssh://a - - 1 1 kvm', { requiredFeatures: ['big-parallel'] }), {
    code: 'feature',
    text: 'it does not offer big-parallel',
    field: { text: 'kvm', column: 17 },
  });
  t.match(reason('ssh://a - - 1 1 - gpu'), {
    code: 'mandatory-feature',
    text: 'it takes only builds that need gpu',
    field: { text: 'gpu', column: 19 },
  });
  t.match(reason('ssh://a - - 0'), {
    code: 'full',
    text: 'it allows 0 jobs',
    field: { text: '0', column: 13 },
  });
  t.match(reason('ssh://a - - 2', {}, true), {
    code: 'full',
    text: 'all 2 slots are busy',
    field: { text: '2', column: 13 },
  });
  t.end();
});

t.test('an external builder gets what no builder takes', (t) => {
  const vm = { systems: ['aarch64-linux'], program: '/opt/vm', args: [] };
  const who = { ...client, external: { enabled: true, builders: [vm] } };
  const request: BuildRequest = { ...plain, system: 'aarch64-linux', requiredFeatures: ['kvm'] };
  t.equal(
    sentence('ssh://alpha', { request, who }),
    'No builder can take it: Nix starts /opt/vm for aarch64-linux (external-builders), whatever features it needs.',
  );
  t.match(sentence('', { request, who: { ...who, maxJobs: 0 } }), 'but it starts none with max-jobs 0: the');
  const busy = { request, who, busy: ['ssh:__alpha-0'] };
  t.match(
    sentence('ssh://alpha aarch64-linux - 1 1 kvm', busy),
    'Nix does not turn to /opt/vm (external-builders) while a builder has that system.',
  );
  t.match(sentence('', { request, who, prefer: true }), 'so Nix asks no builder: Nix starts /opt/vm');
  t.match(
    sentence('', { request, who: { ...who, external: { ...who.external, enabled: false } } }),
    'but the experimental feature external-builders is not enabled: the build fails',
  );
  t.end();
});
