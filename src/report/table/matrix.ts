import stringWidth from 'string-width';
import type { Outcome, Report, ReportCheck } from '../../generated/types.ts';
import { oneLine } from '../escape/visible.ts';
import { marks, type Paint } from './paint.ts';

const longestName = 36;

/**
 * Builders down, scenarios across. A scenario's name stands on a line of its own, above its column, so that any
 * number of them fits a terminal.
 */
export function matrix(report: Report, paint: Paint): string[] {
  const scenarios = unique(report.builders.flatMap(({ checks }) => checks.map(({ scenario }) => scenario)));
  const names = report.builders.map(({ name }) => shorten(oneLine(name)));
  const width = Math.max(0, ...names.map((name) => stringWidth(name))) + 2;
  const heads = scenarios.map(
    (scenario, index) => `${' '.repeat(width)}${paint('gray', '│ '.repeat(index))}${oneLine(scenario)}`,
  );
  const rows = report.builders.map(({ checks }, index) => {
    const byScenario = new Map(checks.map((check) => [check.scenario, check]));
    const cells = scenarios.map((scenario) => cell(byScenario.get(scenario), paint)).join(' ');
    const name = names[index] ?? '';
    const note = noteOf(checks);
    return `${name}${' '.repeat(width - stringWidth(name))}${cells}${note === '' ? '' : `  ${note}`}`.trimEnd();
  });
  return [...heads, ...rows, '', legend(report, paint)];
}

function cell(check: ReportCheck | undefined, paint: Paint): string {
  if (check === undefined) return ' ';
  const { mark, style } = marks[check.outcome];
  return paint(style, mark);
}

/** What the last build says of itself: the proof of where it ran. */
function noteOf(checks: readonly ReportCheck[]): string {
  const build = checks.find(
    ({ scenario, outcome }) => scenario === 'local-to-remote-build' && outcome === 'pass',
  );
  return build === undefined ? '' : oneLine(build.message);
}

/** Only the marks that are in use. */
function legend(report: Report, paint: Paint): string {
  const used = new Set(report.builders.flatMap(({ checks }) => checks.map(({ outcome }) => outcome)));
  return (Object.keys(marks) as Outcome[])
    .filter((outcome) => used.has(outcome))
    .map((outcome) => `${paint(marks[outcome].style, marks[outcome].mark)} ${marks[outcome].word}`)
    .join('   ');
}

function shorten(name: string): string {
  const characters = Array.from(name);
  return characters.length <= longestName ? name : `${characters.slice(0, longestName - 1).join('')}…`;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
