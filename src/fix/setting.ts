import { nixList, nixText } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import { quote } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import { rereadNixConf } from './service.ts';
import { andThen, putLine } from './shell.ts';
import type { System } from '../system/system.ts';

type Setting = NonNullable<FixChange['setting']>;

/** Lists that NixOS and nix-darwin join from all places that define them. The others need Nix's `extra-`. */
const joined = [
  'allowed-users',
  'experimental-features',
  'substituters',
  'trusted-public-keys',
  'trusted-users',
];

/** With a wrong value of these nothing can be built. */
const stopsBuilds = [
  'build-dir',
  'build-users-group',
  'filter-syscalls',
  'max-jobs',
  'post-build-hook',
  'pre-build-hook',
  'sandbox-paths',
];

/** A key of nix.conf: a word more, another value, or none. */
export function settingForm(setting: Setting, system: System): Form {
  // With Determinate Nix, nix-darwin leaves Nix's configuration alone (`nix.enable = false`).
  const byModule = system.moduleSystem !== 'none' && !(system.determinate && system.family === 'darwin');
  return byModule
    ? moduleForm(optionOf(setting, system), system, stopsBuilds.includes(setting.name))
    : { run: commandOf(setting, system) };
}

function optionOf({ name, add, set }: Setting, { lateSettings }: System): string {
  const isLate = (key: string): boolean => lateSettings?.includes(key) === true;
  // A word more needs not come after what adds others.
  const late = isLate(name) || (add === undefined && isLate(`extra-${name}`));
  const place = isLate(name)
    ? 'A line of nix.extraOptions'
    : `nix.settings.extra-${name}, or nix.extraOptions,`;
  const line = add === undefined ? `${name} = ${set ?? ''}` : `extra-${name} = ${add}`;
  if (late && (add ?? set) !== undefined)
    return `# ${place} sets ${name}, and counts over nix.settings.${name}. Correct it there, or:\nnix.extraOptions = lib.mkAfter ${nixText(`${line}\n`)};`;
  const unseen = lateSettings === null ? `# If nix.extraOptions sets ${name}, change it there.\n` : '';
  if (add !== undefined) {
    const option = joined.includes(name) ? name : `extra-${name}`;
    return `${unseen}nix.settings.${option} = ${nixList(words(add))};`;
  }
  const without = late
    ? `# Remove the line that sets ${name} from nix.extraOptions`
    : `# Remove nix.settings.${name} (or its line in nix.extraOptions) from the configuration`;
  if (set === undefined) return `${without}.`;
  if (name === 'builders' && set === '@/etc/nix/machines')
    return `${without}, if it is there.\nnix.distributedBuilds = true;`;
  // Another value takes the place of the one that is there, or of all that are joined.
  const value = joined.includes(name) ? nixList(words(set)) : nixValue(set);
  return `${unseen}nix.settings.${name} = lib.mkForce ${value};`;
}

/** Numbers and switches have options of that type. */
function nixValue(value: string): string {
  return /^(0|[1-9]\d*|true|false)$/.test(value) ? value : nixText(value);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The last value of a key counts, so a line goes to the end; one that is there already goes there too. */
function commandOf({ name, add, set }: Setting, system: System): string {
  const file = system.nixConf;
  if (add === undefined && set === undefined) {
    const files = `grep -rlE '^[[:blank:]]*${name}[[:blank:]]*=' /etc/nix`;
    return andThen(
      `${files} | while read -r f; do c=$(grep -vE '^[[:blank:]]*${name}[[:blank:]]*=' "$f"); printf '%s\\n' "$c" > "$f"; done`,
      rereadNixConf(system),
    );
  }
  const line = add === undefined ? `${name} = ${set ?? ''}` : `extra-${name} = ${add}`;
  const without = add === undefined ? quote(`^[[:blank:]]*${name}[[:blank:]]*=`) : `-xF ${quote(line)}`;
  return andThen(putLine(file, line, without, 'last'), rereadNixConf(system));
}
