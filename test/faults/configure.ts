import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../fleet/host.ts';

/** A daemon that can start does so in less. */
const startsWithinMs = 4_000;

/** Adds lines to the builder's nix.conf and restarts its daemon. */
export function configure(host: Host, ...lines: string[]): Promise<unknown> {
  host.write('/etc/nix/nix.conf', `${host.read('/etc/nix/nix.conf')}${lines.join('\n')}\n`);
  return restartDaemon(host);
}

/** A daemon that cannot start any more is as good as one that did. */
export async function restartDaemon(host: Host): Promise<void> {
  await host.stopDaemon();
  await Promise.race([host.startDaemon().catch(() => undefined), sleep(startsWithinMs)]);
}
