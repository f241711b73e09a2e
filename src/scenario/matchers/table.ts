import type { Json } from '../observation.ts';
import { entriesOf, expectThat, type Inside, isMapping, type Matcher, type Mismatch } from './matcher.ts';
import { firstMissed } from './structured.ts';

/** A row, and the line of the text on which it starts. */
export interface Row {
  line: number;
  cells: string[];
}

interface Format {
  name: string;
  /** The rows of a text, or why it has none. */
  read: (text: string, operand: { [key: string]: Json }) => Row[] | { flaw: string };
  /** Keys of the operand that only this format has, each with why a value of it cannot be used. */
  keys: Readonly<Record<string, (value: Json) => string | null>>;
}

/**
 * A matcher for texts with a table. Its first row has the names of the columns; with `header: false` these are numbers.
 * `where` selects rows, `each` is what every selected row must have, `rows` how many they are. Without `rows` at least one row must be selected, so that an empty table never passes.
 */
export function table({ name, read, keys }: Format): Matcher {
  const known = ['where', 'each', 'rows', 'header', ...Object.keys(keys)];
  return {
    name,
    judges: ['text'],
    check: (actual, operand, path, match) => {
      const options = isMapping(operand) ? operand : {};
      const rows = typeof actual === 'string' ? read(actual, options) : { flaw: 'is not a text' };
      const mismatch = { matcher: name, path, expected: operand, actual, wanted: 'a table' };
      if ('flaw' in rows) return expectThat(false, { ...mismatch, flaw: rows.flaw });
      const hasHeader = options['header'] !== false;
      const columns = hasHeader ? (rows[0]?.cells ?? []) : numbersFor(rows);
      const body = hasHeader ? rows.slice(1) : rows;
      const used = [...entriesOf(options['where']), ...entriesOf(options['each'])].map(([column]) => column);
      const lacking = used.find((column) => !columns.includes(column));
      if (lacking !== undefined) {
        const reason = `${path} has no column ${JSON.stringify(lacking)}: its columns are ${namesOf(columns)}`;
        return expectThat(false, { ...mismatch, reason });
      }
      const judgeRow = (row: Row, expected: Json | undefined): Mismatch[] =>
        entriesOf(expected).flatMap(([column, wanted]) =>
          match(
            row.cells[columns.indexOf(column)],
            wanted,
            `column ${column} in line ${row.line} of ${path}`,
          ),
        );
      const selected = body.filter((row) => judgeRow(row, options['where']).length === 0);
      return [
        ...match(
          selected.length,
          options['rows'] ?? { atLeast: 1 },
          options['where'] === undefined ? `number of rows in ${path}` : `number of matching rows in ${path}`,
        ),
        ...firstMissed(selected.map((row) => () => judgeRow(row, options['each']))),
      ];
    },
    inside: (operand) => [
      ...['where', 'each'].flatMap((key) =>
        entriesOf(isMapping(operand) ? operand[key] : undefined).map(([column, expected]): Inside => ({
          path: [key, column],
          expected,
          kinds: ['text'],
        })),
      ),
      ...entriesOf(operand)
        .filter(([key]) => key === 'rows')
        .map(([key, expected]): Inside => ({ path: [key], expected, kinds: ['number'] })),
    ],
    operandProblem: (operand) => {
      const odd = Object.keys(isMapping(operand) ? operand : {}).find((key) => !known.includes(key));
      if (!isMapping(operand) || odd !== undefined) return `it has the keys ${known.join(', ')}`;
      const [flat] = ['where', 'each'].filter((key) => key in operand && !isMapping(operand[key]));
      if (flat !== undefined) return `${flat} has a matcher for each column: {Mounted: /nix}`;
      if (!['where', 'each', 'rows'].some((key) => key in operand))
        return 'it needs where, each or rows: {where: {Mounted: /nix}}';
      if (typeof (operand['header'] ?? true) !== 'boolean') return 'header must be true or false';
      return Object.entries(keys).reduce<string | null>(
        (found, [key, problem]) => found ?? (key in operand ? problem(operand[key] ?? null) : null),
        null,
      );
    },
  };
}

/** `1`, `2` and so on, for the longest row. */
function numbersFor(rows: readonly Row[]): string[] {
  const most = rows.reduce((longest, { cells }) => Math.max(longest, cells.length), 0);
  return Array.from({ length: most }, (_, index) => String(index + 1));
}

/** The columns as a list for a sentence; not all of a table that has many. */
function namesOf(columns: readonly string[]): string {
  const shown = columns.slice(0, 12).map((column) => JSON.stringify(column.slice(0, 40)));
  return [...shown, ...(columns.length > shown.length ? ['…'] : [])].join(', ') || 'none';
}
