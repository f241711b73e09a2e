import type { Builder } from '../machines/builder.ts';
import { distribute } from '../routing/distribute.ts';
import type { RoutingClient } from '../routing/index.ts';
import { entryWith } from './entry-with.ts';
import { CannotObserve, type Probe } from './probe.ts';

/** Which builds Nix may send to this builder, and what in the other entries stands in its way. */
export const weighting: Probe = {
  name: 'weighting',
  parameters: [],
  required: [],
  observe: (_parameters, { builder, builders, client }) => {
    if (builder === undefined) throw new CannotObserve('no-builder', 'this probe looks at a builder');
    const others = builders.filter((other) => other !== builder);
    const twins = others.filter(({ uri }) => uri === builder.uri);
    const { supportedFeatures, mandatoryFeatures } = builder;
    const starving = starvedBy(builder, builders, client);
    return Promise.resolve({
      value: {
        systems: builder.systems,
        maxJobs: builder.maxJobs,
        speedFactor: String(builder.speedFactor),
        supportedFeatures,
        mandatoryFeatures,
        sharesSlotsWith: twins.map(({ source }) => `line ${source.line}`),
        eligibleFor: eligibleFor(builder),
        onlyOneFor: others.length === 0 ? '' : onlyOneFor(builder, others).join(', '),
        starvedBy: starving?.uri ?? '',
        starvedBySpeed: String(starving?.speedFactor ?? ''),
        entryWithOneJob: entryWith(builder, { 3: '1' }),
        entryForAll: entryWith(builder, {
          5: [...supportedFeatures, ...mandatoryFeatures].join(',') || '-',
          6: '-',
        }),
      },
    });
  },
};

/** In words, e.g. `x86_64-linux builds that need none or some of: kvm`. */
function eligibleFor({ systems, supportedFeatures, mandatoryFeatures }: Builder): string {
  if (systems.length === 0) return 'only `builtin` builds, for its list of systems is empty';
  const offered = [...new Set([...supportedFeatures, ...mandatoryFeatures])];
  const features =
    offered.length === 0 ? ' that need no feature' : ` that need nothing but ${offered.join(', ')}`;
  const demanded =
    mandatoryFeatures.length === 0 ? '' : `, and only those that need ${mandatoryFeatures.join(' and ')}`;
  return `${systems.join(' and ')} builds${features}${demanded}`;
}

/** Systems and features that no other entry has: without this builder, nobody builds for them. */
function onlyOneFor(builder: Builder, others: readonly Builder[]): string[] {
  const offers = ({ systems, supportedFeatures, mandatoryFeatures }: Builder): string[] => [
    ...systems,
    ...supportedFeatures,
    ...mandatoryFeatures,
  ];
  const elsewhere = new Set(others.flatMap(offers));
  return [...new Set(offers(builder))].filter((offer) => !elsewhere.has(offer));
}

/** More slots than this are not played through. */
const mostBuilds = 500;

/** A builder that takes builds into all of its slots, two or more, before this one gets its first, of any of its systems. */
function starvedBy(builder: Builder, builders: readonly Builder[], client: RoutingClient): Builder | null {
  const builds = builders.reduce((sum, { maxJobs }) => sum + maxJobs, 0);
  if (builder.maxJobs === 0 || builds > mostBuilds) return null;
  for (const system of builder.systems) {
    const request = { system, requiredFeatures: builder.mandatoryFeatures, localSlotFree: false };
    const { order } = distribute(builders, request, client, () => false, builds);
    const before = order.slice(0, order.indexOf(builder.uri));
    const hog = builders.find(
      (other) =>
        other.uri !== builder.uri &&
        other.maxJobs > 1 &&
        other.speedFactor > builder.speedFactor &&
        before.filter((uri) => uri === other.uri).length === other.maxJobs,
    );
    if (hog !== undefined) return hog;
  }
  return null;
}
