import { readFileSync, writeFileSync } from 'node:fs';

/** One reader of one format, and what it was asked. */
export interface Consumer {
  format: string;
  name: string;
  checked: string;
}

const begin = '<!-- the table of readers: written by test/report/hostile.test.ts -->';
const end = '<!-- end -->';

/** Compares the table in the docs with the readers that a test has really asked, or writes it. Returns what is wrong. */
export function formatsTable(file: string, consumers: readonly Consumer[], write: boolean): string[] {
  const rows = consumers.map(({ format, name, checked }) => `| \`${format}\` | ${name} | ${checked} |`);
  const table = [
    begin,
    '',
    '| format | read by | what must be the same |',
    '| --- | --- | --- |',
    ...rows,
    '',
    end,
  ].join('\n');
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end) + end.length;
  if (from < 0 || to < from) return [`${file} has no place for the table`];
  if (text.slice(from, to) === table) return [];
  if (!write) return [`${file} does not say what was tested; NRBD_WRITE_DOCS=1 writes it`];
  writeFileSync(file, text.slice(0, from) + table + text.slice(to));
  return [];
}
