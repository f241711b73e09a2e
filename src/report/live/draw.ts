import { andMore } from '../some-names.ts';
import stringWidth from 'string-width';
import { oneLine } from '../escape/visible.ts';
import { marks, type StageColumns } from '../outcomes.ts';
import { pad, shortName, stageCells, stageHeads, widthOf } from '../table/matrix.ts';
import { type Paint, styles } from '../table/paint.ts';
import type { Progress, ProgressRow } from './progress.ts';

interface Screen {
  paint: Paint;
  /** Columns and lines of the terminal. */
  width: number;
  height: number;
  /** Milliseconds of `performance.now()`. */
  now: number;
}

/** The run so far as at most `height` lines, none wider than the terminal. */
export function drawScreen(progress: Progress, { paint, width, height, now }: Screen): string[] {
  const { client, rows, columns, startedAt } = progress;
  const done = rows.filter(({ verdict }) => verdict !== undefined).length;
  const head = `${done} of ${rows.length} builders done, ${seconds(now - startedAt)}`;
  const here = doing(client, now);
  const names = rows.map(({ name }) => stringWidth(shortName(name, longestName(width))));
  const nameWidth = Math.max(0, ...names) + 2;
  const matrixWidth = columns.reduce((sum, column) => sum + widthOf(column) + 2, 0);
  const fits = nameWidth + matrixWidth + 20 <= width;
  const top = [
    fit(head, width),
    fit(here === '' ? '' : `this machine: ${here}`, width),
    fits ? `${' '.repeat(nameWidth)}${stageHeads(columns, paint)}` : '',
  ];
  const shown = choose(rows, Math.max(0, height - top.length - 1));
  const left = rows.length - shown.length;
  const lines = shown.map((row) => {
    const name = pad(shortName(row.name, longestName(width)), nameWidth);
    const cells = fits ? `${cellsOf(row, columns, paint)}  ` : `${row.outcomes.size} done  `;
    const used = nameWidth + (fits ? matrixWidth : stringWidth(cells));
    return `${name}${cells}${note(row, now, Math.max(0, width - used), paint)}`;
  });
  return [...top, ...lines, ...(left === 0 ? [] : [fit(summary(rows, left), width)])];
}

/** Where not all fit: those that run, then those that are broken, then the others, each in the order of the file. */
function choose(rows: readonly ProgressRow[], room: number): ProgressRow[] {
  if (rows.length <= room) return [...rows];
  const rank = (row: ProgressRow): number => {
    if (row.running.size > 0) return 0;
    if (row.verdict === 'unhealthy') return 1;
    return row.verdict === undefined ? 3 : 2;
  };
  const chosen = new Set(rows.toSorted((a, b) => rank(a) - rank(b)).slice(0, room));
  return rows.filter((row) => chosen.has(row));
}

function summary(rows: readonly ProgressRow[], left: number): string {
  const count = (test: (row: ProgressRow) => boolean): number => rows.filter(test).length;
  const healthy = count(({ verdict }) => verdict === 'healthy');
  const unhealthy = count(({ verdict }) => verdict === 'unhealthy');
  const running = count(({ verdict, running: own }) => verdict === undefined && own.size > 0);
  return `… and ${left} more; of all: ${marks.pass.mark} ${healthy} healthy, ${marks.fail.mark} ${unhealthy} not, ${running} running, ${rows.length - healthy - unhealthy - running} to come`;
}

function cellsOf(row: ProgressRow, columns: readonly StageColumns[], paint: Paint): string {
  return stageCells(
    columns,
    [...row.outcomes].map(([scenario, outcome]) => ({ scenario, outcome })),
    paint,
  );
}

/** What the builder is doing, or how it came out. */
function note(row: ProgressRow, now: number, width: number, paint: Paint): string {
  const { verdict, cause } = row;
  if (verdict === undefined) return paint('gray', fit(doing(row, now), width));
  const outcome = verdict === 'healthy' ? 'pass' : 'fail';
  return paint(styles[outcome], fit(`${marks[outcome].mark} ${verdict} ${oneLine(cause)}`.trimEnd(), width));
}

/** The check that has been running longest. */
function doing({ running }: ProgressRow, now: number): string {
  const [oldest] = running;
  if (oldest === undefined) return '';
  const [scenario, since] = oldest;
  return oneLine(`${scenario} ${seconds(now - since)}${andMore(running.size - 1)}`);
}

function longestName(width: number): number {
  return Math.max(8, Math.min(36, Math.floor(width / 3)));
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)} s`;
}

/** As much of the text as fits into so many columns. */
function fit(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = '';
  for (const character of text) {
    if (stringWidth(short + character) > width - 1) break;
    short += character;
  }
  return width > 0 ? `${short}…` : '';
}
