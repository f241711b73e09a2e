import { nixLines, nixName, nixText } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import { quote, quoteIfNeeded } from '../shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import { rereadSshd } from './service.ts';
import { andThen, print, putLine } from './shell.ts';
import type { System } from './system.ts';

/** An option of the SSH server. The first value counts (sshd_config(5)), so it comes before all others. */
export function sshdForm({ option, value }: NonNullable<FixChange['sshd']>, system: System): Form {
  const line = `${option} ${value}`;
  if (system.moduleSystem === 'nixos')
    return moduleForm(`services.openssh.settings.${nixName(option)} = ${nixText(value)};`, system);
  if (system.moduleSystem === 'nix-darwin')
    return moduleForm(`services.openssh.extraConfig = ${nixLines([line])};`, system);
  const change =
    system.sshdDropIns || system.family === 'darwin'
      ? `${print(line)} > ${quoteIfNeeded(`/etc/ssh/sshd_config.d/00-${option}.conf`)}`
      : putLine('/etc/ssh/sshd_config', line, `-xF ${quote(line)}`, 'first');
  return { run: andThen(change, rereadSshd(system)) };
}
