import type { Builder } from '../machines/builder.ts';
import { entryWith } from './entry-with.ts';
import { CannotObserve, type Probe } from './probe.ts';

/** Which builds Nix may send to this builder, and what in the other entries stands in its way. */
export const weighting: Probe = {
  name: 'weighting',
  parameters: [],
  required: [],
  observe: (_parameters, { builder, builders }) => {
    if (builder === undefined) throw new CannotObserve('no-builder', 'this probe looks at a builder');
    const twins = builders.filter((other) => other !== builder && other.uri === builder.uri);
    return Promise.resolve({
      value: {
        systems: builder.systems,
        maxJobs: builder.maxJobs,
        speedFactor: String(builder.speedFactor),
        supportedFeatures: builder.supportedFeatures,
        mandatoryFeatures: builder.mandatoryFeatures,
        sharesSlotsWith: twins.map(({ source }) => `line ${source.line}`),
        eligibleFor: eligibleFor(builder),
        entryWithOneJob: entryWith(builder, { 3: '1' }),
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
