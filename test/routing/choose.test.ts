import t from 'tap';
import { parseMachines } from '../../src/machines/index.ts';
import { type Choice, chooseBuilder, slotName } from '../../src/routing/index.ts';

const client = {
  nixVersion: '2.34.8',
  system: 'x86_64-linux',
  extraPlatforms: [],
  systemFeatures: ['kvm'],
  maxJobs: 1,
};

function choose(
  lines: string[],
  options: {
    version?: string;
    busy?: string[];
    features?: string[];
    system?: string;
    free?: boolean;
    maxJobs?: number;
  } = {},
): Choice {
  const nixVersion = options.version ?? client.nixVersion;
  const { builders } = parseMachines(lines.join('\n'), {
    nixVersion,
    system: client.system,
    readFile: () => null,
  });
  const request = {
    system: options.system ?? 'x86_64-linux',
    requiredFeatures: options.features ?? [],
    localSlotFree: options.free ?? false,
  };
  return chooseBuilder(
    builders,
    request,
    { ...client, nixVersion, maxJobs: options.maxJobs ?? 1 },
    (slot) => options.busy?.includes(slot) ?? false,
  );
}

const slots = (host: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `ssh:__${host}-${index}`);

t.test('the fastest idle builder is chosen, and on a tie the first line', (t) => {
  t.match(choose(['a - - 2 1', 'b - - 2 4', 'c - - 2 4']), {
    reply: 'accept',
    builder: { host: 'b' },
    slot: 'ssh:__b-0',
  });
  t.end();
});

t.test('an idle slow builder beats a fast one with any load from 2.20 on, and loses to it before', (t) => {
  const lines = ['fast - - 4 10', 'slow - - 4 1'];
  t.equal(choose(lines, { busy: slots('fast', 1) }).builder?.host, 'slow');
  t.equal(choose(lines, { busy: slots('fast', 1), version: '2.19.0' }).builder?.host, 'fast');
  t.end();
});

t.test('slots are files named by the URI', (t) => {
  t.equal(choose(['a - - 3'], { busy: slots('a', 2) }).slot, 'ssh:__a-2');
  t.equal(slotName('ssh://builder1', 0, { hashedSlots: true }), 'ssh:__builder1-1vqxqpcgpx1sq1lk-0');
  t.end();
});

t.test('each reason for being passed over has its word and its column', (t) => {
  const { candidates } = choose(
    ['a aarch64-linux', 'b - - 1 1 big', 'c - - 1 1 - kvm', 'd - - 1', 'e - - 0'],
    { busy: slots('d', 1) },
  );
  t.same(
    candidates.map(({ eligible, reason }) => [eligible, reason?.code, reason?.field?.text]),
    [
      [false, 'system', 'aarch64-linux'],
      [true, undefined, undefined],
      [false, 'mandatory-feature', 'kvm'],
      [false, 'full', '1'],
      [false, 'full', '0'],
    ],
  );
  t.match(choose(['b - - 1 1 big'], { features: ['kvm', 'big'] }).candidates[0]?.reason, {
    code: 'feature',
    text: 'it does not offer kvm',
    field: { text: 'big' },
  });
  t.equal(choose(['c - - 1 1 - kvm'], { features: ['kvm'] }).reply, 'accept');
  t.end();
});

t.test('full builders are waited for, unless the build can run here now', (t) => {
  const full = { busy: slots('a', 1) };
  t.equal(choose(['a'], full).reply, 'postpone');
  t.equal(choose(['a'], { ...full, free: true }).reply, 'decline');
  t.equal(choose(['a'], { ...full, free: true, maxJobs: 0 }).reply, 'postpone');
  t.equal(choose(['a'], { ...full, free: true, features: ['big'] }).reply, 'decline');
  t.equal(choose(['a aarch64-linux']).reply, 'decline');
  t.equal(choose([]).reply, 'decline-permanently');
  t.end();
});

t.test('builtin builds go anywhere', (t) => {
  t.equal(choose(['a aarch64-linux'], { system: 'builtin' }).reply, 'accept');
  t.end();
});

t.test('two entries with one URI share their slots', (t) => {
  t.match(choose(['a - - 1 1', 'a - - 2 1']), { slot: 'ssh:__a-0', candidates: [{ load: 0 }, { load: 1 }] });
  t.end();
});
