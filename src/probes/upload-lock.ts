import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assumedVersion, featuresOf, parseRelease } from '../machines/release.ts';
import { uploadLockName } from '../routing/slot-name.ts';
import { builderOf, type Probe } from './probe.ts';
import { currentLoadFolder, holderOf } from '../nix/slot-locks.ts';

/** An upload that passes nothing on for so long does not move: ssh takes 32 KiB at a time, however slow the line. */
const standsStillMs = 6_000;

/**
 * Whether somebody uploads to the builder now, and whether anything moves. Nix uploads for one build at a time, under
 * a lock that all builds for this entry wait for.
 */
export const uploadLock: Probe = {
  name: 'upload-lock',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { client, signal } = context;
    const builder = builderOf(context);
    const features = featuresOf(parseRelease(client.nixVersion || assumedVersion));
    const file = join(currentLoadFolder(client.environment.env), uploadLockName(builder.uri, features));
    const pid = await holderOf(file);
    if (pid === null) return { value: { held: false, pid: 0, moving: true, file } };
    const before = await bytesOf(pid);
    await sleep(standsStillMs, undefined, { signal });
    const moving = before === null || (await holderOf(file)) !== pid || (await bytesOf(pid)) !== before;
    return { value: { held: true, pid, moving, file } };
  },
};

/** What a process has read and written so far; null where that is not shown to us (proc(5), `/proc/pid/io`). */
async function bytesOf(pid: number): Promise<string | null> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  return /^rchar: \d+\nwchar: \d+$/m.exec(io)?.[0] ?? null;
}
