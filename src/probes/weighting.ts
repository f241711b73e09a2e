import type { Builder } from '../machines/builder.ts';
import { distribute } from '../routing/distribute.ts';
import type { RoutingClient } from '../routing/index.ts';
import { entryWith } from '../machines/entry-with.ts';
import { builderOf, type Probe } from './probe.ts';

/** Which builds Nix may send to this builder, and what in the other entries stands in its way. */
export const weighting: Probe = {
  name: 'weighting',
  parameters: [],
  required: [],
  observe: (_parameters, context) => {
    const { client, machines } = context;
    const { builders } = machines;
    const builder = builderOf(context);
    const fleet = fleetOf(builders);
    const twins = (fleet.byUri.get(builder.uri) ?? []).filter((other) => other !== builder);
    const { supportedFeatures, mandatoryFeatures } = builder;
    const starving = starvedBy(builder, fleet, client);
    return Promise.resolve({
      value: {
        systems: builder.systems,
        maxJobs: builder.maxJobs,
        speedFactor: String(builder.speedFactor),
        supportedFeatures,
        mandatoryFeatures,
        sharesSlotsWith: twins.map(({ source }) => `line ${source.line}`),
        eligibleFor: eligibleFor(builder),
        onlyOneFor: builders.length === 1 ? '' : onlyOneFor(builder, fleet).join(', '),
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

/** What is the same for every builder of a fleet: found out once, however many builders there are. */
interface FleetView {
  builders: readonly Builder[];
  byUri: Map<string, Builder[]>;
  /** How many entries offer a system or a feature. */
  offers: Map<string, number>;
  /** Slots of all builders together. */
  slots: number;
  /** The greatest speed factor of a builder with two jobs or more: slower ones may starve. */
  fastest: number;
  /** The order in which builds of a kind go to the builders, by that kind. */
  orders: Map<string, (string | null)[]>;
}

const fleets = new WeakMap<readonly Builder[], FleetView>();

function fleetOf(builders: readonly Builder[]): FleetView {
  const known = fleets.get(builders);
  if (known !== undefined) return known;
  const view: FleetView = {
    builders,
    byUri: new Map(),
    offers: new Map(),
    slots: builders.reduce((sum, { maxJobs }) => sum + maxJobs, 0),
    fastest: builders.reduce(
      (most, { maxJobs, speedFactor }) => (maxJobs > 1 ? Math.max(most, speedFactor) : most),
      0,
    ),
    orders: new Map(),
  };
  for (const builder of builders) {
    view.byUri.set(builder.uri, [...(view.byUri.get(builder.uri) ?? []), builder]);
    for (const offer of offersOf(builder)) view.offers.set(offer, (view.offers.get(offer) ?? 0) + 1);
  }
  fleets.set(builders, view);
  return view;
}

function offersOf({ systems, supportedFeatures, mandatoryFeatures }: Builder): Set<string> {
  return new Set([...systems, ...supportedFeatures, ...mandatoryFeatures]);
}

/** Systems and features that no other entry has: without this builder, nobody builds for them. */
function onlyOneFor(builder: Builder, { offers }: FleetView): string[] {
  return [...offersOf(builder)].filter((offer) => offers.get(offer) === 1);
}

/** More slots than this are not played through. */
const mostBuilds = 500;

/** A builder that takes builds into all of its slots, two or more, before this one gets its first, of any of its systems. */
function starvedBy(builder: Builder, fleet: FleetView, client: RoutingClient): Builder | null {
  if (builder.maxJobs === 0 || fleet.slots > mostBuilds || builder.speedFactor >= fleet.fastest) return null;
  for (const system of builder.systems) {
    const order = orderOf(system, builder.mandatoryFeatures, fleet, client);
    const before = order.slice(0, order.indexOf(builder.uri));
    const hog = fleet.builders.find(
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

function orderOf(
  system: string,
  requiredFeatures: string[],
  { builders, slots, orders }: FleetView,
  client: RoutingClient,
): (string | null)[] {
  const key = JSON.stringify([system, requiredFeatures]);
  const known = orders.get(key);
  if (known !== undefined) return known;
  const request = { system, requiredFeatures, localSlotFree: false };
  const { order } = distribute(builders, request, client, () => false, slots);
  orders.set(key, order);
  return order;
}
