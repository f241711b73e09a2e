import { type Row, table } from './table.ts';

/** A text in columns that white space separates, as df and ps write it. */
export const columns = table({
  name: 'columns',
  read: (text, { header }) => {
    const lines = text
      .split('\n')
      .map((line, index) => ({ line: index + 1, words: line.trim() }))
      .filter(({ words }) => words !== '');
    const [first] = lines;
    const most = header === false || first === undefined ? null : first.words.split(/\s+/).length;
    return lines.map(({ line, words }): Row => ({ line, cells: cellsOf(words, most) }));
  },
  keys: {},
});

/** The last column takes the rest of the line: a command of ps has spaces. */
function cellsOf(words: string, most: number | null): string[] {
  const cells = words.split(/\s+/);
  if (most === null || cells.length <= most) return cells;
  return [...cells.slice(0, most - 1), cells.slice(most - 1).join(' ')];
}
