import stringWidth from 'string-width';
import type { Report, ReportBuilder, ReportCheck } from '../../generated/types.ts';
import { oneLine } from '../escape/visible.ts';
import { marks, outcomes, stageColumns, type StageColumns } from '../outcomes.ts';
import { causeWords } from '../trouble.ts';
import { type Paint, styles } from './paint.ts';
import { wrap } from './wrap.ts';

const longestName = 36;

/** Of more builders than this the healthy ones are only counted. */
const mostRows = 40;

/** Builders down, the path across: under each stage one mark a scenario, and below what each mark stands for. */
export function matrix(report: Report, paint: Paint, terminalWidth: number): string[] {
  const columns = stageColumns(report.builders.map(({ checks }) => checks));
  const folded = report.builders.length > mostRows;
  const shown = report.builders.filter(({ verdict }) => !folded || verdict === 'unhealthy');
  const left = report.builders.length - shown.length;
  const names = shown.map(({ name }) => shortName(name));
  const width = Math.max(0, ...names.map((name) => stringWidth(name))) + 2;
  const rows = shown.map((builder, index) => {
    const note = noteOf(builder);
    return `${pad(names[index] ?? '', width)}${stageCells(columns, builder.checks, paint)}  ${note}`.trimEnd();
  });
  return [
    `${' '.repeat(width)}${stageHeads(columns, paint)}`,
    ...rows,
    ...(left === 0 ? [] : [`and ${left} healthy`]),
    '',
    legend(report, paint),
    ...scenarioNames(columns, paint, terminalWidth),
  ];
}

/** Which scenarios a stage's marks are, from left to right. */
function scenarioNames(columns: readonly StageColumns[], paint: Paint, terminalWidth: number): string[] {
  const width = Math.max(...columns.map(({ stage }) => stage.length)) + 2;
  return columns.flatMap(({ stage, scenarios }) =>
    wrap(scenarios.map(({ id }) => id).join(' '), terminalWidth - width).map((line, index) =>
      paint('gray', pad(index === 0 ? stage : '', width) + line),
    ),
  );
}

/** A stage's name above its marks. */
export function stageHeads(columns: readonly StageColumns[], paint: Paint): string {
  const last = columns.length - 1;
  return columns
    .map((column, index) => {
      const room = index === last ? 0 : widthOf(column) - column.stage.length;
      return paint('gray', column.stage) + ' '.repeat(room);
    })
    .join('  ');
}

/** The marks of one row; ` ` for a check that is not (yet) made. */
export function stageCells(
  columns: readonly StageColumns[],
  checks: readonly Pick<ReportCheck, 'scenario' | 'outcome'>[],
  paint: Paint,
): string {
  const byScenario = new Map(checks.map(({ scenario, outcome }) => [scenario, outcome]));
  return columns
    .map((column) => {
      const cells = column.scenarios.map(({ id }) => {
        const outcome = byScenario.get(id);
        return outcome === undefined ? ' ' : paint(styles[outcome], marks[outcome].mark);
      });
      return cells.join('') + ' '.repeat(widthOf(column) - cells.length);
    })
    .join('  ');
}

/** Columns of a terminal that a stage takes. */
export function widthOf({ stage, scenarios }: StageColumns): number {
  return Math.max(stage.length, scenarios.length);
}

/** The root cause, or what the last build says of itself: the proof of where it ran. */
function noteOf(builder: ReportBuilder): string {
  const { rootCause, checks } = builder;
  if (rootCause !== null) return oneLine(causeWords(builder));
  const build = checks.find(
    ({ scenario, outcome }) => scenario === 'local-to-remote-build' && outcome === 'pass',
  );
  return build === undefined ? '' : oneLine(build.message);
}

/** Only the marks that are in use. */
function legend(report: Report, paint: Paint): string {
  const used = new Set(report.builders.flatMap(({ checks }) => checks.map(({ outcome }) => outcome)));
  return outcomes
    .filter((outcome) => used.has(outcome))
    .map((outcome) => `${paint(styles[outcome], marks[outcome].mark)} ${marks[outcome].word}`)
    .join('   ');
}

/** A name in at most so many columns. */
export function shortName(name: string, longest = longestName): string {
  const characters = Array.from(oneLine(name));
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Text followed by blanks up to so many columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}
