import type { Host, Ran } from '../../host.ts';
import { removeLastChange, writeChange } from './configuration.ts';

/**
 * Adds a printed snippet to the configuration of a host with the profile nixos, as its user would, and runs `nixos-rebuild
 * switch`. The snippet is evaluated with the rest of the configuration by real Nix. If that or the build fails, the snippet is
 * taken out again.
 */
export async function nixosSwitch(host: Host, snippet: string): Promise<Ran> {
  writeChange(host, snippet);
  const ran = await host.sh('nixos-rebuild switch');
  if (ran.exitCode !== 0) removeLastChange(host);
  return ran;
}
