import type { Form } from './change.ts';
import type { System } from './system.ts';

/** A step that is an option of the system's configuration. */
export function moduleForm(module: string, { moduleSystem }: System): Form {
  const apply = moduleSystem === 'nix-darwin' ? 'darwin-rebuild switch' : 'nixos-rebuild switch';
  // Nix cannot read its file then, and must not, to build another one.
  const unread = /^# (Remove|In place of) the line /.test(module) ? 'NIX_CONF_DIR=/var/empty ' : '';
  return { module, apply: `${unread}${apply}` };
}
