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
