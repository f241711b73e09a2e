import type { Report, ReportCheck } from '../../generated/types.ts';
import { exitCodeOf } from '../exit-code.ts';
import { oneLine, visible } from '../escape/visible.ts';
import { marks } from '../outcomes.ts';
import type { RenderOptions } from '../render-options.ts';
import { brokenWords, clientName, rowsOf } from '../trouble.ts';
import { unmeasuredWords } from '../unmeasured.ts';
import { matrix } from './matrix.ts';
import { type Paint, painter, styles } from './paint.ts';
import { advice, troubles } from './trouble.ts';
import { wrap } from './wrap.ts';

/** What a tired person needs: the verdict, where it is red, and for each broken builder what, why and how to repair it. */
export function renderTable(report: Report, { color, verbosity, width }: RenderOptions): string {
  const paint = painter(color);
  if (verbosity < 0) return failuresAlone(report, paint, width);
  const lines = [
    ...wrap(verdictLine(report, paint), width),
    '',
    ...(report.builders.length === 0 ? [] : matrix(report, paint, width)),
    ...troubles(report, paint, width),
    ...advice(report, paint, width, verbosity > 0),
    ...waived(report, paint),
    ...(verbosity > 0 ? everyCheck(report, paint, verbosity) : []),
    '',
    lastLine(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** Nothing where nothing is wrong; warnings and advice are left out. */
function failuresAlone(report: Report, paint: Paint, width: number): string {
  if (exitCodeOf(report) === 0) return '';
  const lines = [...wrap(verdictLine(report, paint), width), ...troubles(report, paint, width, ['fail'])];
  return `${lines.join('\n')}\n`;
}

const verdictStyle = { healthy: 'green', degraded: 'yellow', unhealthy: 'red' } as const;

function verdictLine({ summary, client, interrupted }: Report, paint: Paint): string {
  const { total, healthy } = summary.builders;
  const verdict = paint(['bold', verdictStyle[summary.verdict]], summary.verdict.toUpperCase());
  const nix = client.nixVersion === '' ? 'no Nix found' : `Nix ${client.nixVersion}`;
  const cut = interrupted === true ? ' (interrupted: not all was tested)' : '';
  const causes = brokenWords(summary);
  const broken = causes === '' ? '' : ` (${causes})`;
  const left = unmeasuredWords(summary.unmeasured);
  return `${verdict}: ${healthy} of ${total} ${total === 1 ? 'builder' : 'builders'} healthy${broken}${cut}, seen from ${oneLine(client.hostname)} as ${oneLine(client.user)}, ${oneLine(nix)}${left === '' ? '' : `; ${oneLine(left)}`}`;
}

/** What was allowed to be red, so that it is not forgotten. */
function waived(report: Report, paint: Paint): string[] {
  const lines = rowsOf(report).flatMap(({ name, checks }) =>
    checks
      .filter((check) => check.waived !== undefined && check.observation !== undefined)
      .map(
        ({ scenario, message }) => `${paint('gray', '-')} ${oneLine(name)}  ${scenario}  ${oneLine(message)}`,
      ),
  );
  return lines.length === 0 ? [] : ['', ...lines];
}

function lastLine({ summary, durationMs }: Report): string {
  const counts = Object.entries(summary.checks).filter(([, count]) => count > 0);
  return `${counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')} in ${(durationMs / 1000).toFixed(1)} s`;
}

function everyCheck(report: Report, paint: Paint, verbosity: number): string[] {
  const group = (name: string, checks: readonly ReportCheck[]): string[] => [
    '',
    paint('bold', oneLine(name)),
    ...checks.flatMap((check) => checkLines(check, paint, verbosity)),
  ];
  return [
    ...(report.clientChecks.length === 0 ? [] : group(clientName(report), report.clientChecks)),
    ...report.builders.flatMap(({ name, checks }) => group(name, checks)),
  ];
}

function checkLines(
  { outcome, scenario, message, durationMs, observation, byHand, mismatches = [] }: ReportCheck,
  paint: Paint,
  verbosity: number,
): string[] {
  const lines = [
    `  ${paint(styles[outcome], marks[outcome].mark)} ${scenario}  ${oneLine(message)}  ${paint('gray', `${durationMs} ms`)}`,
  ];
  const isWrong = outcome === 'fail' || outcome === 'warn' || outcome === 'error';
  if (!isWrong && verbosity < 3) return lines;
  const indent = (label: string, text: string): string[] =>
    visible(text)
      .trimEnd()
      .split('\n')
      .map((line) => `      ${label}${line}`.trimEnd());
  return [
    ...lines,
    ...mismatches.flatMap(({ message: seen }) => indent('seen: ', seen)),
    ...(byHand === undefined ? [] : indent('by hand: ', byHand)),
    ...(verbosity < 2 ? [] : rawOf(observation, indent)),
  ];
}

function rawOf(
  observation: ReportCheck['observation'],
  indent: (label: string, text: string) => string[],
): string[] {
  return [
    ...(observation?.command === undefined ? [] : indent('$ ', observation.command)),
    ...(observation?.stdout ? indent('out: ', observation.stdout) : []),
    ...(observation?.stderr ? indent('err: ', observation.stderr) : []),
    ...(observation?.value === undefined ? [] : indent('value: ', JSON.stringify(observation.value))),
  ];
}
