import type { FixStep, Report, ReportBuilder, ReportCheck, RootCause } from '../../generated/types.ts';
import { oneLine, visible } from '../escape/visible.ts';
import { marks, type Paint } from './paint.ts';
import { wrap } from './wrap.ts';

/** One cause, and all that have it: told once. */
interface Trouble {
  mark: 'fail' | 'warn';
  /** Beside each name, what the report says of it. */
  whose: { name: string; cause: RootCause }[];
  waiting: number;
}

/** Of so many that differ in words, the rest is left to `-i NAME`. */
const shown = 3;

/** First what is wrong with the client, then the builders' root causes, then warnings; each cause once. */
export function troubles(report: Report, paint: Paint, width: number): string[] {
  const here = `this machine (${report.client.hostname})`;
  const client = report.clientChecks.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  const clientScenarios = new Set(client.map(({ scenario }) => scenario));
  const all: Trouble[] = [
    ...client.map((check) => single(here, asCause(check))),
    ...group(report.builders.flatMap((builder) => ownTrouble(builder, clientScenarios))),
    ...group(warnings(report, here)),
  ];
  return all.flatMap((trouble) => ['', ...block(trouble, paint, width)]);
}

function single(name: string, cause: RootCause): Trouble {
  return { mark: 'fail', whose: [{ name, cause }], waiting: 0 };
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
function ownTrouble(
  { name, rootCause, checks }: ReportBuilder,
  clientScenarios: ReadonlySet<string>,
): Trouble[] {
  const own =
    checks.find(({ outcome }) => outcome === 'fail') ?? checks.find(({ outcome }) => outcome === 'error');
  if (own === undefined) return [];
  const cause = rootCause !== null && !clientScenarios.has(rootCause.scenario) ? rootCause : asCause(own);
  const waiting = checks.filter(({ outcome }) => outcome === 'blocked').length;
  return [{ ...single(name, cause), waiting }];
}

function warnings({ clientChecks, builders }: Report, here: string): Trouble[] {
  return [{ name: here, checks: clientChecks }, ...builders].flatMap(({ name, checks }) =>
    checks
      .filter(({ outcome }) => outcome === 'warn')
      .map((check): Trouble => ({ ...single(name, asCause(check)), mark: 'warn' })),
  );
}

/** Joins those of the same scenario and cause, in the order of the first of each. */
function group(all: readonly Trouble[]): Trouble[] {
  const groups = new Map<string, Trouble>();
  for (const trouble of all) {
    const [first] = trouble.whose;
    // Without a cause only the same words are the same trouble.
    const { scenario, cause, message } = first?.cause ?? { scenario: '', message: '' };
    const key = JSON.stringify([trouble.mark, scenario, cause ?? message]);
    const same = groups.get(key);
    groups.set(
      key,
      same === undefined
        ? trouble
        : { ...same, whose: [...same.whose, ...trouble.whose], waiting: same.waiting + trouble.waiting },
    );
  }
  return [...groups.values()];
}

function block({ mark: kind, whose, waiting }: Trouble, paint: Paint, width: number): string[] {
  const { style, mark } = marks[kind];
  const [first] = whose;
  if (first === undefined) return [];
  const { scenario, cause, see, fix } = first.cause;
  const names = whose.map(({ name }) => oneLine(name));
  const why =
    cause === undefined ? `found by ${scenario}` : `${cause} (found by ${scenario}; more: explain ${cause})`;
  return [
    ...wrap(`${paint(style, mark)} ${paint('bold', names.join(', '))}`, width),
    ...distinct(whose, ({ cause: { message } }) => message).flatMap(({ cause: { message } }, index) =>
      labelled(index === 0 ? 'What' : '', visible(message), width),
    ),
    ...labelled('Why', why, width),
    ...fix.flatMap((_, index) => fixLines(whose, index, fix.length, paint, width)),
    ...(see === undefined ? [] : labelled('See', see, width)),
    ...(waiting === 0
      ? []
      : [`        ${paint('gray', `${waiting} ${waiting === 1 ? 'check waits' : 'checks wait'} for this`)}`]),
  ];
}

/** Those that say something of their own: more than another name. At most {@link shown}. */
function distinct(
  whose: Trouble['whose'],
  textOf: (one: Trouble['whose'][number]) => string,
): Trouble['whose'] {
  const seen = new Set<string>();
  const own = whose.filter((one) => {
    const text = textOf(one).replaceAll(one.name, '…');
    return !seen.has(text) && seen.add(text);
  });
  return own.slice(0, shown);
}

function labelled(label: string, text: string, width: number): string[] {
  return wrap(text, Math.max(40, width - 8)).map((line, index) =>
    `  ${(index === 0 ? label : '').padEnd(6)}${line}`.trimEnd(),
  );
}

/** A step of the fix: once for all where it is the same, else for each, as it is to be typed. */
function fixLines(
  whose: Trouble['whose'],
  index: number,
  count: number,
  paint: Paint,
  width: number,
): string[] {
  const steps = whose.flatMap(({ name, cause }) => {
    const step = cause.fix[index];
    return step === undefined ? [] : [{ name, step }];
  });
  const variants = new Map<string, { names: string[]; step: FixStep }>();
  for (const { name, step } of steps) {
    const key = JSON.stringify([step.run, step.edit]);
    variants.set(key, { step, names: [...(variants.get(key)?.names ?? []), oneLine(name)] });
  }
  const all = [...variants.values()];
  const left = all.slice(shown).flatMap(({ names }) => names);
  return [
    ...all.slice(0, shown).flatMap(({ names, step }, variant) => {
      const where = step.on === 'client' ? 'on this machine' : `on ${names.join(', ')}`;
      const number = count === 1 || variant > 0 ? '' : `${index + 1}. `;
      const says = step.says === undefined ? '' : `: ${oneLine(step.says)}`;
      const head = labelled(index === 0 && variant === 0 ? 'Fix' : '', `${number}${where}${says}`, width);
      return [...head, ...whatToDo(step).map((line) => `          ${paint('cyan', line)}`)];
    }),
    ...(left.length === 0
      ? []
      : labelled('', `… and so on; their own words with -i: ${left.join(', ')}`, width)),
  ];
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
