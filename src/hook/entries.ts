import type { Builder } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import { isFakeSsh, parseMachines } from '../machines/index.ts';

/** Versions between which the reading of a text changed: where they agree, every Nix agrees. */
const versions = ['2.8', '2.24', '2.34'];

/**
 * The entries of a `builders` setting; null where versions of Nix read the text differently, or refuse it: the hook then
 * gets it as it is.
 */
export function entriesOf(
  text: string,
  system: string,
  readFile: (path: string) => string | null,
): Builder[] | null {
  try {
    const read = versions.map((nixVersion) => parseMachines(text, { nixVersion, system, readFile }));
    const refused = read.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === 'error'));
    const texts = read.map(({ builders }) => JSON.stringify(builders.map(({ fields }) => fieldsOf(fields))));
    if (refused || new Set(texts).size !== 1) return null;
    return read.at(-1)?.builders ?? null;
  } catch {
    return null;
  }
}

/** The setting without some of its entries. */
export function textOf(builders: readonly Builder[]): string {
  return builders.map((builder) => entryWith(builder, {})).join('\n');
}

/** What its memory is kept under. */
export function isWatched(builder: Builder): boolean {
  return (builder.scheme === 'ssh' || builder.scheme === 'ssh-ng') && !isFakeSsh(builder);
}

function fieldsOf(fields: Builder['fields']): string[] {
  return fields.map(({ text }) => text);
}
