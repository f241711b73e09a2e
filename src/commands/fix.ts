import type { FixStep, Report } from '../generated/types.ts';
import { summarise } from '../report/build.ts';
import { compareReports } from '../report/compare.ts';
import { oneLine, visible } from '../report/escape/visible.ts';
import { liveProgress } from '../report/live/index.ts';
import { whatToDo } from '../report/table/trouble.ts';
import { stepsOf } from '../report/steps.ts';
import { findTroubles } from '../report/trouble.ts';
import { applyStep } from '../cli/apply-step.ts';
import { changeLines } from '../cli/changes.ts';
import { confirm } from '../cli/confirm.ts';
import { exitCodeFor } from '../cli/exit-style.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { pause } from '../cli/pause.ts';
import { runChecks, type RunOptions } from '../setup/run-checks.ts';
import { print } from '../cli/print.ts';
import { UserError } from '../support/user-error.ts';

export interface FixOptions extends RunOptions {
  apply?: true | undefined;
  yes?: true | undefined;
}

/**
 * `fix`: the plan that repairs every builder. With `--apply` it does the safe steps one by one, each confirmed, checks
 * again after each, and stops when something got worse. Returns the exit code that `check` would then have.
 */
export async function fix(options: FixOptions, version: string): Promise<number> {
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  const look = async (include: readonly string[]): Promise<Report> => {
    const progress = await liveProgress(process.stderr);
    try {
      const { report } = await runChecks(
        { ...options, include },
        {
          version,
          signal,
          onNotes: (notes) => notes.forEach((note) => print(note, process.stderr)),
          onEvent: progress.onEvent,
        },
      );
      return report;
    } finally {
      progress.close();
    }
  };
  try {
    let report = await look(options.include);
    print(planLines(report).join('\n'));
    const tried = new Set<string>();
    while (options.apply === true && !signal.aborted) {
      const next = safeSteps(report).find(({ step }) => !tried.has(JSON.stringify(step)));
      if (next === undefined) break;
      const { step, hosts } = next;
      tried.add(JSON.stringify(step));
      print(
        ['', oneLine(step.says ?? 'The next safe step'), ...whatToDo(step).map((line) => `  ${line}`)].join(
          '\n',
        ),
      );
      if (options.yes !== true && !(await confirm('Do it?', 'give --yes to do every safe step', signal)))
        continue;
      print(await applyStep(step, signal));
      const after = await lookAgain(look, hosts, options.include, signal);
      const changes = compareReports(onlyThose(report, after), after);
      report = updated(report, after);
      print(changes.length === 0 ? 'nothing changed' : changeLines(changes).join('\n'));
      if (changes.some(({ worse }) => worse)) {
        print('Stopped: something is worse than before. The copy beside a changed file brings it back.');
        break;
      }
    }
    if (options.apply === true) print(`\n${lastWords(report)}`);
    return interrupt.exitCode() ?? exitCodeFor(report, 'check');
  } finally {
    interrupt.dispose();
  }
}

/** Every cause once, in the order in which it wants correcting, and its steps: those that `--apply` does, and the rest. */
export function planLines(report: Report): string[] {
  const told = new Set<string>();
  // Two scenarios may see one trouble, and know the same way out.
  const troubles = findTroubles(report).filter(({ whose }) => {
    const key = JSON.stringify(whose.map(({ name, cause }) => [name, cause.fix]));
    return !told.has(key) && told.add(key);
  });
  if (troubles.length === 0) return ['Nothing to repair.'];
  const lines = troubles.flatMap((trouble, index) => {
    const [first] = trouble.whose;
    const cause = first?.cause.cause ?? first?.cause.scenario ?? '';
    const names = trouble.whose.map(({ name }) => oneLine(name)).join(', ');
    const steps = stepsOf(trouble).flatMap(({ number, variants, left }) => [
      ...variants.flatMap(({ where, step }) => [
        `   ${number === null ? '' : `${number}. `}${oneLine(where)}${step.safe === true ? ' (safe)' : ''}${step.says === undefined ? '' : `: ${oneLine(step.says)}`}`,
        ...whatToDo(step).map((line) => `        ${line}`),
      ]),
      ...(left.length === 0 ? [] : [`   … and so on for ${oneLine(left.join(', '))}`]),
    ]);
    return [
      `${index + 1}. ${names}: ${cause}`,
      ...(steps.length === 0 ? [`   ${visible(first?.cause.message ?? '')}`] : steps),
      '',
    ];
  });
  const safe = new Set(safeSteps(report).map(({ step }) => JSON.stringify(step))).size;
  return [
    ...lines,
    safe === 0
      ? 'No step is safe to be done by a program: each wants a look of yours, or another machine.'
      : `${safe} safe ${safe === 1 ? 'step' : 'steps'}, on this machine: fix --apply does ${safe === 1 ? 'it' : 'them'}.`,
  ];
}

/** The safe steps in the order of the plan, and the hosts that each is for; none for the client's own. */
function safeSteps(report: Report): { step: FixStep; hosts: string[] }[] {
  const hostOf = new Map(report.builders.map(({ name, host }) => [name, host]));
  return findTroubles(report).flatMap(({ whose }) =>
    whose.flatMap(({ name, cause }) =>
      cause.fix
        .filter(({ on, safe }) => safe === true && on === 'client')
        .map((step) => ({ step, hosts: [hostOf.get(name) ?? ''].filter((host) => host !== '') })),
    ),
  );
}

/** OpenSSH 9.8 and later turns an address away for a while after a few logins in vain: what was corrected is not yet seen. */
const passesByItself = 'connection-penalty';
const passesWithinMs = 20_000;
const mostPauses = 3;

/**
 * Looks at those whom a step is for, and at the client: no login in vain at the others. An edit may have given the host
 * another name; then all are looked at.
 */
async function lookAgain(
  look: (include: readonly string[]) => Promise<Report>,
  hosts: readonly string[],
  all: readonly string[],
  signal: AbortSignal,
): Promise<Report> {
  const lookOnce = async (): Promise<Report> => {
    if (hosts.length === 0) return look(all);
    try {
      return await look(hosts);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return look(all);
    }
  };
  for (let pauses = 0; ; pauses += 1) {
    const report = await lookOnce();
    const throttled = report.builders.filter(({ rootCause }) => rootCause?.cause === passesByItself);
    if (throttled.length === 0 || pauses === mostPauses || signal.aborted) return report;
    print(
      `${throttled.map(({ name }) => name).join(', ')} lets nobody in for a moment, after logins in vain: looking again in ${passesWithinMs / 1000} s`,
    );
    await pause(passesWithinMs, new EventTarget(), signal);
  }
}

/** The part of an earlier report that a later one is about. */
function onlyThose(report: Report, { builders }: Report): Report {
  const names = new Set(builders.map(({ name }) => name));
  return { ...report, builders: report.builders.filter(({ name }) => names.has(name)) };
}

/** What is known of all, with what was just seen in place of what was known before. */
function updated(report: Report, { clientChecks, builders }: Report): Report {
  const seen = new Map(builders.map((builder) => [builder.name, builder]));
  const all = report.builders.map((builder) => seen.get(builder.name) ?? builder);
  return { ...report, clientChecks, builders: all, summary: summarise(clientChecks, all) };
}

function lastWords({ summary }: Report): string {
  const { total, healthy } = summary.builders;
  return `${summary.verdict.toUpperCase()}: ${healthy} of ${total} builders healthy`;
}
