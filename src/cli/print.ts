import { visible } from '../report/escape/visible.ts';
import { redactText } from '../report/redact.ts';

/** Writes lines for a person. Names and texts may come from files of others, so no control character passes, and no secret. */
export function print(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  stream.write(`${visible(redactText(text))}\n`);
}

/** The width of each column of the first row: that of its widest cell. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
}

/** Rows of cells in columns that are as wide as their widest cell. */
export function sayRows(rows: readonly (readonly string[])[]): void {
  const widths = columnWidths(rows);
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    print(cells.join('  ').trimEnd());
  }
}
