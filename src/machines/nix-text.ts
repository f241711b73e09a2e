/** A string literal of the Nix language, on one line. */
export function nixText(text: string): string {
  return `"${text.replace(/["\\]|\$(?=\{)/g, (character) => `\\${character}`).replaceAll('\n', '\\n')}"`;
}

/** A list of string literals. */
export function nixList(items: readonly string[]): string {
  return `[ ${items.map((item) => `${nixText(item)} `).join('')}]`;
}

/** A string literal of several lines, each two blanks deeper than `'';`. */
export function nixLines(lines: readonly string[]): string {
  const escaped = lines.map((line) => `  ${line.replaceAll("''", "'''").replaceAll('${', "''${")}`);
  return ["''", ...escaped, "''"].join('\n');
}

/** One step of an attribute path: quoted where it is no plain name. */
export function nixName(name: string): string {
  return /^[A-Za-z_][\w'-]*$/.test(name) ? name : nixText(name);
}
