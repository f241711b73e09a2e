import type { Builder } from './builder.ts';

/** The entry's text with some columns made anew (0 = URI); columns that it left out become `-`. */
export function entryWith({ fields }: Builder, columns: Readonly<Record<number, string>>): string {
  const texts = fields.map(({ text }) => text);
  for (const [index, text] of Object.entries(columns)) {
    while (texts.length < Number(index)) texts.push('-');
    texts[Number(index)] = text;
  }
  return texts.join(' ');
}

/**
 * The entry's text without promises that the builder does not keep. `own`: the builder's system, for an entry that is left
 * without one; an empty column would promise the system of this machine.
 */
export function entryWithout(
  builder: Builder,
  systems: readonly string[],
  features: readonly string[],
  own?: string,
): string {
  const columns: Record<number, string> = {};
  const kept = builder.systems.filter((system) => !systems.includes(system));
  if (systems.length > 0) columns[1] = kept.join(',') || own || '-';
  for (const [index, promised] of [
    [5, builder.supportedFeatures],
    [6, builder.mandatoryFeatures],
  ] as const) {
    if (index < builder.fields.length && promised.some((feature) => features.includes(feature)))
      columns[index] = promised.filter((feature) => !features.includes(feature)).join(',') || '-';
  }
  return entryWith(builder, columns);
}
