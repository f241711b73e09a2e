import type { FixForm, FixStep } from '../generated/types.ts';

/** One thing to type or to write, for any output. */
export interface FixPart {
  /** Where it goes, e.g. `add to /etc/ssh/ssh_config:`; empty for a command. */
  head: string;
  kind: 'command' | 'new' | 'old';
  text: string;
}

/** A step on one system. */
export interface ShownForm {
  /** `NixOS`, `Linux with systemd, macOS`; empty where the machine's system is known. */
  label: string;
  parts: FixPart[];
}

const names: Readonly<Record<FixForm['for'][number], string>> = {
  nixos: 'NixOS',
  'nix-darwin': 'nix-darwin',
  determinate: 'Determinate Nix',
  systemd: 'Linux with systemd',
  macos: 'macOS',
  alpine: 'Alpine',
  linux: 'Linux',
};

/** Every form of a step; one where the system of its machine is known. */
export function formsOf(step: FixStep): ShownForm[] {
  const { likely, others = [] } = step;
  const label = (form: { for?: FixForm['for'] }): string =>
    likely === true && form.for !== undefined ? form.for.map((name) => names[name]).join(', ') : '';
  const own = { label: others.length === 0 && likely === true ? `${label(step)} (likely)` : label(step) };
  // The same command for all that it may be needs no label.
  return [
    {
      label: likely === true && others.length === 0 && (step.for?.length ?? 0) > 1 ? '' : own.label,
      parts: partsOf(step),
    },
    ...others.map((form) => ({ label: label(form), parts: partsOf(form) })),
  ];
}

function partsOf({
  run,
  edit,
  module,
  apply,
  for: systems,
}: Omit<FixForm, 'for'> & { for?: FixForm['for'] }): FixPart[] {
  if (module !== undefined) {
    const system = systems?.[0] === 'nix-darwin' ? 'nix-darwin' : 'NixOS';
    return [
      { head: `add to the ${system} configuration:`, kind: 'new', text: module },
      ...(apply === undefined ? [] : [{ head: '', kind: 'command' as const, text: apply }]),
    ];
  }
  if (run !== undefined) return [{ head: '', kind: 'command', text: run }];
  if (edit === undefined) return [];
  const { file, add, first, replace = '', with: by = '' } = edit;
  if (add !== undefined) return [{ head: `add to ${file}:`, kind: 'new', text: add }];
  if (first !== undefined) return [{ head: `add at the top of ${file}:`, kind: 'new', text: first }];
  return [
    { head: `in ${file}, replace:`, kind: 'old', text: replace },
    { head: 'with:', kind: 'new', text: by },
  ];
}
