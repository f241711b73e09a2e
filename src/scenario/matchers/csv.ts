import { type Row, table } from './table.ts';

/** A text in comma-separated values (RFC 4180), or with another `separator`. */
export const csv = table({
  name: 'csv',
  read: (text, { separator }) => rowsOf(text, typeof separator === 'string' ? separator : ','),
  keys: {
    separator: (value) =>
      typeof value === 'string' && value.length === 1 && !'"\r\n'.includes(value)
        ? null
        : 'separator must be one character, such as ";"',
  },
});

/** A cell in quotes can have separators, newlines, and quotes that are written twice. */
function rowsOf(text: string, separator: string): Row[] | { flaw: string } {
  const rows: Row[] = [];
  let [line, at] = [1, text.startsWith('\uFEFF') ? 1 : 0];
  while (at < text.length) {
    const row: Row = { line, cells: [] };
    for (;;) {
      let cell: string;
      if (text[at] === '"') {
        const end = closingQuote(text, at + 1);
        if (end < 0) return { flaw: `is not CSV: the quote in line ${line} is not closed` };
        cell = text.slice(at + 1, end).replaceAll('""', '"');
        line += cell.split('\n').length - 1;
        at = end + 1;
      } else {
        const start = at;
        while (at < text.length && text[at] !== separator && text[at] !== '\n') at += 1;
        cell = text.slice(start, at).replace(/\r$/, '');
      }
      row.cells.push(cell);
      if (text[at] !== separator) break;
      at += 1;
    }
    if (text.startsWith('\r\n', at)) at += 1;
    if (at < text.length && text[at] !== '\n')
      return { flaw: `is not CSV: text follows a quote in line ${line}` };
    at += 1;
    line += 1;
    if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row);
  }
  return rows;
}

/** Where the quoted cell that starts here ends; -1 where it does not. */
function closingQuote(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}
