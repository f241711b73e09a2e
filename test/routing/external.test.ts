import fc from 'fast-check';
import pLimit from 'p-limit';
import t from 'tap';
import { parseMachines } from '../../src/machines/index.ts';
import { featuresOf, parseRelease } from '../../src/machines/release.ts';
import { systemFeaturesOf } from '../../src/nix/client-view.ts';
import { nixConfError } from '../../src/nix/conf-error.ts';
import { decide } from '../../src/routing/decide.ts';
import { externalBuildersOf } from '../../src/routing/external.ts';
import { chooseBuilder, slotName } from '../../src/routing/index.ts';
import { rootfs } from '../fleet/rootfs.ts';
import { noHook } from '../machines/installed-hooks.ts';
import { decideReally, type Decided, type Situation } from './real-decision.ts';

const version = '2.34';
const system = 'x86_64-linux';
const systems = fc.constantFrom(system, 'aarch64-linux', 'aarch64-linux', 'riscv64-linux');
const features = fc.constantFrom<string[]>([], [], ['kvm'], ['recursive-nix'], ['no-such', 'kvm']);

const external = fc.record({
  systems: fc.uniqueArray(systems, { maxLength: 2 }),
  program: fc.constantFrom('/mnt/bin/one', '/mnt/bin/two', '/mnt/bin/none', '/mnt/bin/not-executable'),
  args: fc.constantFrom<string[]>([], ['word'], ['two', 'words']),
});

/** Folders stand for hosts: Nix connects to them at once, and without ssh. */
const line = fc
  .tuple(fc.nat({ max: 2 }), systems, fc.nat({ max: 2 }), fc.constantFrom('-', 'kvm', 'kvm,no-such'))
  .map(([host, column, jobs, offered]) => `/mnt/b/r${host} ${column} - ${jobs} 1 ${offered}`);

const situation = fc.record({
  programs: fc.array(external, { maxLength: 3 }),
  enabled: fc.constantFrom(true, true, true, false),
  lines: fc.oneof(fc.constant<string[]>([]), fc.array(line, { maxLength: 3 })),
  busy: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  wanted: systems,
  requiredFeatures: features,
  preferLocalBuild: fc.constantFrom(false, false, true),
  extraPlatforms: fc.constantFrom<string[]>([], [], ['riscv64-linux']),
  systemFeatures: fc.constantFrom<string[]>([], ['kvm'], ['kvm', 'recursive-nix']),
  maxJobs: fc.constantFrom(0, 1, 2),
});

const reason = noHook();
const skip = reason !== null && process.env['CI'] === undefined ? { skip: reason } : {};
const seed = Number(process.env['SEED'] ?? 1);
/** All of them: `RUNS=500`. */
const numRuns = Number(process.env['RUNS'] ?? 40);

t.setTimeout(0);

t.test(`in ${numRuns} settings (seed ${seed}) a build goes where real Nix sends it`, skip, async (t) => {
  t.setTimeout(0);
  const root = await rootfs(version);
  const limit = pLimit(3);
  const seen = new Set<string>();
  await Promise.all(
    fc.sample(situation, { seed, numRuns }).map((now) =>
      limit(async () => {
        const { computed, asked } = compute(now);
        const { decision, log } = await decideReally(root, asked);
        seen.add(decision.to);
        t.same(computed, decision, `${JSON.stringify(now)}\n${log}`);
      }),
    ),
  );
  t.same([...seen].sort(), ['builder', 'external', 'here', 'nowhere', 'waits'], 'every end was seen');
});

const refused = [
  '[{',
  '',
  'null',
  '{}',
  '[{"systems": "x", "program": "p", "args": []}]',
  '[{"program": "p"}]',
];

t.test('what real Nix refuses is named by its setting', skip, async (t) => {
  const root = await rootfs(version);
  for (const text of refused) {
    const settings = { 'external-builders': text };
    const { decision, log } = await decideReally(root, { ...plain, settings });
    t.same(decision, { to: 'refused' }, log);
    t.match(nixConfError(log), { kind: 'value', setting: 'external-builders' }, log);
  }
});

const plain: Situation = { settings: {}, system, requiredFeatures: [], preferLocalBuild: false, busy: [] };

type Now = ReturnType<typeof fc.sample<typeof situation extends fc.Arbitrary<infer T> ? T : never>>[number];

/** The product's decision, and the same question for a real Nix. */
function compute(now: Now): { computed: Decided; asked: Situation } {
  const { wanted, requiredFeatures, preferLocalBuild, extraPlatforms, systemFeatures, maxJobs } = now;
  const experimental = ['recursive-nix', ...(now.enabled ? ['external-builders'] : [])];
  const text = now.lines.join(' ; ');
  const { builders } = parseMachines(text, { nixVersion: version, system, readFile: () => null });
  const known = featuresOf(parseRelease(version));
  const slots = [...new Set(builders.flatMap(({ uri }) => [0, 1].map((n) => slotName(uri, n, known))))];
  const busy = slots.filter((_, index) => now.busy[index]);
  const asked: Situation = {
    settings: {
      builders: text,
      system,
      'experimental-features': experimental.join(' '),
      'external-builders': JSON.stringify(now.programs),
      'extra-platforms': extraPlatforms.join(' '),
      'system-features': systemFeatures.join(' '),
      'max-jobs': String(maxJobs),
    },
    ...{ system: wanted, requiredFeatures, preferLocalBuild, busy },
  };
  const shown = {
    'external-builders': now.programs,
    'experimental-features': experimental,
    'system-features': systemFeatures,
  };
  const client = {
    ...{ nixVersion: version, system, extraPlatforms, maxJobs },
    systemFeatures: systemFeaturesOf(shown),
    external: externalBuildersOf(shown),
  };
  const request = { system: wanted, requiredFeatures, localSlotFree: maxJobs > 0 };
  const choice = chooseBuilder(builders, request, client, (slot) => busy.includes(slot));
  const decision = decide(choice, request, client, { preferLocalBuild });
  if (decision.to === 'builder') return { computed: { to: 'builder', uri: decision.uri }, asked };
  if (decision.to !== 'external') return { computed: { to: decision.to }, asked };
  return { computed: { to: 'external', program: decision.external.program }, asked };
}
