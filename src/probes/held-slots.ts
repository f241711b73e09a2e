import { slotName } from '../routing/slot-name.ts';
import { assumedVersion, featuresOf, parseRelease } from '../machines/release.ts';
import { builderOf, type Probe } from './probe.ts';
import { currentLoadFolder, heldSlots } from '../nix/slot-locks.ts';

/** How many of the builder's slots are busy now, and with which processes. */
export const heldSlotsProbe: Probe = {
  name: 'held-slots',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { client } = context;
    const builder = builderOf(context);
    const { env } = client.environment;
    const features = featuresOf(parseRelease(client.nixVersion || assumedVersion));
    const own = new Set(
      Array.from({ length: Math.min(builder.maxJobs, 1000) }, (_, index) =>
        slotName(builder.uri, index, features),
      ),
    );
    const held = (await heldSlots(currentLoadFolder(env))).filter(({ slot }) => own.has(slot));
    return { value: { busy: held.length, pids: [...new Set(held.map(({ pid }) => pid))].join(',') } };
  },
};
