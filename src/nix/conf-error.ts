/** Why Nix cannot read its configuration. */
export interface NixConfError {
  kind: 'none' | 'include-missing' | 'syntax' | 'value' | 'store';
  /** The file with the mistake, or the file that is missing; empty where Nix does not name it. */
  file: string;
  /** The file whose include names a missing one; else empty. */
  includedFrom: string;
  /** The line as it stands, of a syntax error; else empty. */
  line: string;
  /** The setting whose value is refused; else empty. */
  setting: string;
}

const quoted = `['"“]([^'"”]*)['"”]`;
const none: NixConfError = { kind: 'none', file: '', includedFrom: '', line: '', setting: '' };

/**
 * Reads the error in the words of Nix 2.8, 2.26 and 2.34 (src/libutil/config.cc and configuration.cc: `parseConfigFile`,
 * `BaseSetting::parse`). 2.34 quotes file names with double quotes, the others with single ones.
 */
export function nixConfError(stderr: string): NixConfError {
  const find = (source: string): string[] | null => new RegExp(source, 'm').exec(stderr);
  const include = find(`^error: file ${quoted} included from ${quoted} not found`);
  if (include !== null)
    return { ...none, kind: 'include-missing', file: include[1] ?? '', includedFrom: include[2] ?? '' };
  const syntax = find(
    `^error: (?:illegal|syntax error in) configuration line '(.*)' in ${quoted}(?:$|\\s|\\.)`,
  );
  if (syntax !== null) return { ...none, kind: 'syntax', line: syntax[1] ?? '', file: syntax[2] ?? '' };
  const value = find(
    `^error: (?:(?:(?:Boolean )?setting|option) ${quoted} has (?:invalid value|value)|configuration setting ${quoted} should be|UNC path|the setting ${quoted} is |parsing setting ${quoted}: )`,
  );
  if (value !== null) return { ...none, kind: 'value', setting: value.slice(1).filter(Boolean)[0] ?? '' };
  if (find('^error: don.t know how to open Nix store') !== null)
    return { ...none, kind: 'store', setting: 'store' };
  return none;
}
