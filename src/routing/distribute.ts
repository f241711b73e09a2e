import type { Builder } from '../machines/builder.ts';
import { type BuildRequest, type Choice, chooseBuilder, type RoutingClient } from './index.ts';

/** Where a number of builds go that are asked for one after the other, none of them ending meanwhile. */
export interface Distribution {
  /** Builds for each builder, in the order of the machines file. */
  counts: { builder: Builder; builds: number }[];
  /** Builds that the client does itself, as far as it has jobs. */
  local: number;
  /** Builds that wait for a slot. */
  waiting: number;
  /** Where each build goes: a builder's URI, or null for one that stays or waits. */
  order: (string | null)[];
}

/** Plays `builds` builds. `isBusy` tells of the slots that are taken before the first. */
export function distribute(
  builders: readonly Builder[],
  request: BuildRequest,
  client: RoutingClient,
  isBusy: (slot: string) => boolean,
  builds: number,
): Distribution {
  const taken = new Set<string>();
  const counts = builders.map((builder) => ({ builder, builds: 0 }));
  const order: Distribution['order'] = [];
  let local = 0;
  let waiting = 0;
  for (let index = 0; index < builds; index += 1) {
    const localSlotFree = request.localSlotFree && local < client.maxJobs;
    const choice: Choice = chooseBuilder(
      builders,
      { ...request, localSlotFree },
      client,
      (slot) => taken.has(slot) || isBusy(slot),
    );
    const count = counts.find(({ builder }) => builder === choice.builder);
    if (count !== undefined && choice.slot !== undefined) {
      taken.add(choice.slot);
      count.builds += 1;
    } else if (choice.reply === 'postpone' || !localSlotFree) waiting += 1;
    else local += 1;
    order.push(choice.builder?.uri ?? null);
  }
  return { counts, local, waiting, order };
}
