import { spawnSync } from 'node:child_process';
import type { Host, Ran } from '../../host.ts';
import { removeLastChange, writeChange } from './changes.ts';

/** Where the programs of a host are. */
export const path = '/run/wrappers/bin:/run/current-system/sw/bin:/bin:/usr/bin';

/**
 * Adds a printed snippet to the configuration of a host with the profile nixos, as its user would, and puts it in force. The
 * snippet is evaluated with the rest of the configuration by real Nix. If that or the build fails, the snippet is taken out
 * again.
 */
export async function nixosSwitch(host: Host, snippet: string, apply = 'nixos-rebuild switch'): Promise<Ran> {
  writeChange(host, snippet);
  const ran = await host.sh(apply);
  if (ran.exitCode !== 0) removeLastChange(host);
  return ran;
}

/** What a switch ends with that put the system in place, of which a unit does not start. */
const unitFailed = 4;

/** Puts the host's configuration in force. Throws what nixos-rebuild says against it. */
export function rebuild(host: { enter(): string[] }): void {
  const { status, stderr } = spawnSync('nsenter', [...host.enter(), 'nixos-rebuild', 'switch'], {
    encoding: 'utf8',
    env: { PATH: `${process.env['PATH'] ?? ''}:${path}`, HOME: '/root', USER: 'root' },
  });
  if (status !== 0 && status !== unitFailed) throw new Error(`nixos-rebuild switch: ${stderr}`);
}
