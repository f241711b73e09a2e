import type { Form } from './change.ts';
import type { System } from './system.ts';

/** A step that is an option of the system's configuration. */
export function moduleForm(module: string, { moduleSystem }: System): Form {
  return { module, apply: moduleSystem === 'nix-darwin' ? 'darwin-rebuild switch' : 'nixos-rebuild switch' };
}
