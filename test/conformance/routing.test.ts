import fc from 'fast-check';
import pLimit from 'p-limit';
import { parseMachines } from '../../src/machines/index.ts';
import { featuresOf, parseRelease } from '../../src/machines/release.ts';
import { chooseBuilder, slotName } from '../../src/routing/index.ts';
import { withEachHook } from '../machines/installed-hooks.ts';
import { askHook } from '../machines/real-hook.ts';

const system = 'x86_64-linux';
const systems = fc.constantFrom(system, system, '-', 'aarch64-linux', `${system},aarch64-linux`);
const features = fc.constantFrom('-', '-', 'kvm', 'kvm,big-parallel', 'big-parallel');
const speed = (whole: boolean): fc.Arbitrary<string> =>
  whole
    ? fc.constantFrom('-', '0', '1', '2', '3', '10')
    : fc.constantFrom('-', '0', '1', '2', '3', '10', '0.5', '.1', '0.3', 'nan', 'inf');

/** Folders stand for hosts: Nix connects to them at once, and without ssh. */
const entry = (whole: boolean): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat({ max: 4 }), systems, fc.nat({ max: 4 }), speed(whole), features, features)
    .map(([host, column, ...rest]) => `/mnt/b/r${host} ${column} - ${rest.join(' ')}`);

/** Builders that differ in little, so that ties decide. */
const even = fc
  .tuple(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 1, 2))
  .map(([host, jobs, factor]) => `/mnt/b/r${host} - - ${jobs} ${factor} kvm`);

const situation = (whole: boolean) =>
  fc.record({
    lines: fc.oneof(fc.array(entry(whole), { maxLength: 5 }), fc.array(even, { maxLength: 5 })),
    busy: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
    localSlotFree: fc.boolean(),
    wanted: fc.constantFrom(system, system, system, 'aarch64-linux', 'i686-linux', 'builtin'),
    requiredFeatures: fc.constantFrom<string[]>([], [], ['kvm'], ['big-parallel'], ['big-parallel', 'kvm']),
    extraPlatforms: fc.constantFrom<string[]>([], ['aarch64-linux'], ['i686-linux']),
    systemFeatures: fc.constantFrom<string[]>([], ['kvm'], ['big-parallel', 'kvm']),
    maxJobs: fc.nat({ max: 2 }),
  });

const seed = Number(process.env['SEED'] ?? 1);
const numRuns = Number(process.env['RUNS'] ?? 2000);

withEachHook(`in ${numRuns} situations (seed ${seed}) the choice is Nix's own`, async (t, hook) => {
  const known = featuresOf(parseRelease(hook.version));
  const limit = pLimit(2);
  const compare = async (now: ReturnType<typeof sample>[number]): Promise<unknown> => {
    const { wanted, requiredFeatures, localSlotFree, extraPlatforms, systemFeatures, maxJobs } = now;
    const text = now.lines.join('\n');
    const { builders } = parseMachines(text, { nixVersion: hook.version, system, readFile: () => null });
    const slots = [
      ...new Set(builders.flatMap(({ uri }) => [0, 1, 2, 3].map((index) => slotName(uri, index, known)))),
    ];
    const busy = slots.filter((_, index) => now.busy[index]);
    const nix = await askHook(hook, {
      settings: {
        builders: text,
        system,
        'extra-platforms': extraPlatforms.join(' '),
        'system-features': systemFeatures.join(' '),
        'max-jobs': String(maxJobs),
      },
      amWilling: localSlotFree,
      system: wanted,
      requiredFeatures,
      busy,
      slots,
    });
    const ours = chooseBuilder(
      builders,
      { system: wanted, requiredFeatures, localSlotFree },
      { nixVersion: hook.version, system, extraPlatforms, systemFeatures, maxJobs },
      (slot) => busy.includes(slot),
    );
    const { reply, builder, slot } = ours;
    return t.same(
      { reply, uri: builder?.uri ?? null, slot: slot ?? null },
      { reply: nix.reply, uri: nix.uri, slot: nix.slot },
      JSON.stringify(now),
    );
  };
  const sample = (whole: boolean) => fc.sample(situation(whole), { seed, numRuns });
  await Promise.all(sample(!known.floatSpeed).map((now) => limit(() => compare(now))));
});
