import type { Form } from './change.ts';
import type { System } from '../system/system.ts';

/**
 * A step that is an option of the system's configuration. `corrected`: until then Nix cannot read its configuration, or can build
 * nothing with it, not even the new one; so the step is applied without it (NIX_CONF_DIR, nix.conf(5)).
 */
export function moduleForm(module: string, { moduleSystem }: System, corrected = false): Form {
  const apply = moduleSystem === 'nix-darwin' ? 'darwin-rebuild switch' : 'nixos-rebuild switch';
  return { module, apply: `${corrected ? 'NIX_CONF_DIR=/var/empty ' : ''}${apply}` };
}
