import type { FixStep, Report, ReportBuilder, ReportCheck, RootCause } from '../../generated/types.ts';
import { oneLine, visible } from '../escape/visible.ts';
import { marks, type Paint } from './paint.ts';
import { wrap } from './wrap.ts';

/** Several builders with one trouble are told once. */
interface Trouble {
  names: string[];
  cause: RootCause;
  waiting: number;
}

/** First what is wrong with the client, then each builder's root cause, then warnings. */
export function troubles(report: Report, paint: Paint, width: number): string[] {
  const client = report.clientChecks.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  const clientScenarios = new Set(client.map(({ scenario }) => scenario));
  const all: Trouble[] = [
    ...client.map((check) => ({
      names: [`this machine (${report.client.hostname})`],
      cause: asCause(check),
      waiting: 0,
    })),
    ...group(
      report.builders.filter(({ checks }) =>
        checks.some(({ outcome }) => outcome === 'fail' || outcome === 'error'),
      ),
      clientScenarios,
    ),
  ];
  return all
    .flatMap((trouble) => ['', ...block(trouble, paint, width)])
    .concat(warnings(report, paint, width));
}

function asCause({ scenario, cause, message, fix = [], see }: ReportCheck): RootCause {
  return {
    scenario,
    message,
    fix,
    ...(cause === undefined ? {} : { cause }),
    ...(see === undefined ? {} : { see }),
  };
}

/** A builder's own first failure, even where the client's is its root cause: both want mending. */
function group(builders: readonly ReportBuilder[], clientScenarios: ReadonlySet<string>): Trouble[] {
  const troubles = new Map<string, Trouble>();
  for (const { name, rootCause, checks } of builders) {
    const own =
      checks.find(({ outcome }) => outcome === 'fail') ?? checks.find(({ outcome }) => outcome === 'error');
    const cause =
      rootCause !== null && !clientScenarios.has(rootCause.scenario)
        ? rootCause
        : own === undefined
          ? null
          : asCause(own);
    if (cause === null) continue;
    const waiting = checks.filter(({ outcome }) => outcome === 'blocked').length;
    const key = JSON.stringify([cause.scenario, cause.cause, cause.message, cause.fix]);
    const same = troubles.get(key);
    if (same === undefined) troubles.set(key, { names: [name], cause, waiting });
    else troubles.set(key, { ...same, names: [...same.names, name], waiting: same.waiting + waiting });
  }
  return [...troubles.values()];
}

function block({ names, cause, waiting }: Trouble, paint: Paint, width: number): string[] {
  const { style, mark } = marks.fail;
  const why =
    cause.cause === undefined
      ? `found by ${cause.scenario}`
      : `${cause.cause} (found by ${cause.scenario}; more: explain ${cause.cause})`;
  return [
    `${paint(style, mark)} ${paint('bold', names.map(oneLine).join(', '))}`,
    ...labelled('What', visible(cause.message), width),
    ...labelled('Why', why, width),
    ...cause.fix.flatMap((step, index) => fixLines(step, index, cause.fix.length, names, paint, width)),
    ...(cause.see === undefined ? [] : labelled('See', cause.see, width)),
    ...(waiting === 0
      ? []
      : [`        ${paint('gray', `${waiting} ${waiting === 1 ? 'check waits' : 'checks wait'} for this`)}`]),
  ];
}

function labelled(label: string, text: string, width: number): string[] {
  return wrap(text, Math.max(40, width - 8)).map((line, index) =>
    `  ${(index === 0 ? label : '').padEnd(6)}${line}`.trimEnd(),
  );
}

function fixLines(
  step: FixStep,
  index: number,
  count: number,
  names: readonly string[],
  paint: Paint,
  width: number,
): string[] {
  const where = step.on === 'client' ? 'on this machine' : `on ${names.map(oneLine).join(', ')}`;
  const number = count === 1 ? '' : `${index + 1}. `;
  const head = labelled(
    index === 0 ? 'Fix' : '',
    `${number}${where}${step.says === undefined ? '' : `: ${oneLine(step.says)}`}`,
    width,
  );
  return [...head, ...whatToDo(step).map((line) => `          ${paint('cyan', line)}`)];
}

/** A command or an edit as it is to be typed: never wrapped. */
function whatToDo({ run, edit }: FixStep): string[] {
  const lines = (text: string, prefix: string): string[] =>
    visible(text)
      .split('\n')
      .map((line) => `${prefix}${line}`.trimEnd());
  if (run !== undefined) return lines(run, '$ ');
  if (edit === undefined) return [];
  const file = visible(edit.file);
  if (edit.add !== undefined) return [`add to ${file}:`, ...lines(edit.add, '+ ')];
  return [`in ${file}:`, ...lines(edit.replace ?? '', '- '), ...lines(edit.with ?? '', '+ ')];
}

function warnings(report: Report, paint: Paint, width: number): string[] {
  const found = [
    ...report.clientChecks.map((check) => ({ name: `this machine (${report.client.hostname})`, check })),
    ...report.builders.flatMap(({ name, checks }) => checks.map((check) => ({ name, check }))),
  ].filter(({ check }) => check.outcome === 'warn');
  return found.flatMap(({ name, check }) => {
    const { style, mark } = marks.warn;
    const fix = check.fix ?? [];
    return [
      '',
      `${paint(style, mark)} ${paint('bold', oneLine(name))}`,
      ...labelled('What', visible(check.message), width),
      ...labelled('Why', `${check.cause ?? 'a warning'} (found by ${check.scenario})`, width),
      ...fix.flatMap((step, index) => fixLines(step, index, fix.length, [name], paint, width)),
    ];
  });
}
