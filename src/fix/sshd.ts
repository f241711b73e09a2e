import { nixLines, nixList, nixName, nixText } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import { quote, quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import { rereadSshd } from './service.ts';
import { andThen, print, putLine, without } from './shell.ts';
import type { System } from '../system/system.ts';

/** For these sshd takes the last value, whatever its manual says (servconf.c); tried with `sshd -T` of OpenSSH 9.2. */
const lastCounts = ['MaxStartups'];

/** An option of the SSH server. The first value counts (sshd_config(5)), so it comes before all others. */
export function sshdForm(sshd: NonNullable<FixChange['sshd']>, system: System): Form {
  const { option, value, user } = sshd;
  if (user !== undefined) return userForm({ option, value, user }, system);
  const line = `${option} ${value}`;
  if (system.moduleSystem === 'nixos')
    return moduleForm(`services.openssh.settings.${typed(option, value)};`, system);
  if (system.moduleSystem === 'nix-darwin')
    return moduleForm(`services.openssh.extraConfig = ${nixLines([line])};`, system);
  const file = '/etc/ssh/sshd_config';
  const hasDropIns = system.sshdDropIns || system.family === 'darwin';
  const last = lastCounts.includes(option);
  const dropIn = quoteIfNeeded(`/etc/ssh/sshd_config.d/${last ? 'zz' : '00'}-${option}.conf`);
  const others = last ? `-iE ${quote(`^[[:blank:]]*${option}[[:blank:]=]`)}` : `-xF ${quote(line)}`;
  const change = hasDropIns
    ? andThen(`${print(line)} > ${dropIn}`, last ? without(file, others) : '')
    : putLine(file, line, others, 'first');
  return { run: andThen(change, rereadSshd(system)) };
}

/** Options of sshd_config for which nixos/modules/services/networking/ssh/sshd.nix has a type other than text. */
const flags = [
  'KbdInteractiveAuthentication',
  'PasswordAuthentication',
  'PrintMotd',
  'StrictModes',
  'UseDns',
  'UsePAM',
  'X11Forwarding',
];
const commaLists = ['Ciphers', 'KexAlgorithms', 'Macs'];
const wordLists = ['AllowGroups', 'AllowUsers', 'DenyGroups', 'DenyUsers'];
const itsNames: Readonly<Record<string, string>> = { MACs: 'Macs', UseDNS: 'UseDns' };

/** The definition of an option below `services.openssh.settings`, in place of the one that the configuration may have. */
function typed(option: string, value: string): string {
  const name = itsNames[option] ?? option;
  return `${nixName(name)} = lib.mkForce ${valueOf(name, value)}`;
}

function valueOf(name: string, value: string): string {
  if (flags.includes(name) && /^(yes|no)$/.test(value)) return String(value === 'yes');
  if (commaLists.includes(name)) return nixList(value.split(','));
  if (wordLists.includes(name)) return nixList(value.split(/\s+/));
  return nixText(value);
}

/** What a Match block says counts before what stands outside of one; of several blocks the first. */
function userForm(
  { option, value, user }: Record<'option' | 'value' | 'user', string>,
  system: System,
): Form {
  const quoted = /^[\w.@-]+$/.test(user) ? user : `"${user.replace(/["\\]/g, '\\$&')}"`;
  const lines = [`Match User ${quoted}`, `  ${option} ${value}`, 'Match all'];
  if (system.moduleSystem !== 'none')
    return moduleForm(`services.openssh.extraConfig = ${nixLines(lines)};`, system);
  const words = lines.map(quote).join(' ');
  const change =
    system.sshdDropIns || system.family === 'darwin'
      ? `printf '%s\\n' ${words} > ${quoteIfNeeded(`/etc/ssh/sshd_config.d/00-${user.replaceAll('/', '-')}-${option}.conf`)}`
      : `c=$(cat /etc/ssh/sshd_config); printf '%s\\n' ${words} "$c" > /etc/ssh/sshd_config`;
  return { run: andThen(change, rereadSshd(system)) };
}
