import { nixLines } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import type { System } from '../system/system.ts';

/** An option of ssh for one host. The first value counts (ssh_config(5)), so it comes before all others. */
export function sshForm({ host, option, value }: NonNullable<FixChange['ssh']>, system: System): Form {
  const lines = [`Host ${word(host)}`, `  ${option} ${word(value)}`];
  // What follows was for every host, and stays so.
  const first = [...lines, 'Host *'];
  if (system.moduleSystem !== 'none')
    return moduleForm(`programs.ssh.extraConfig = lib.mkBefore ${nixLines(first)};`, system);
  return system.sshDropIns
    ? { edit: { file: '/etc/ssh/ssh_config.d/00-nix-builders.conf', add: lines.join('\n') } }
    : { edit: { file: '/etc/ssh/ssh_config', first: first.join('\n') } };
}

function word(text: string): string {
  return /^[^\s"'\\#]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
