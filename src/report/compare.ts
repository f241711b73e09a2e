import type { Report, ReportBuilder, ReportCheck } from '../generated/types.ts';

/** One thing that is different between two runs. */
export interface Change {
  kind: 'broke' | 'healed' | 'other-cause' | 'slower' | 'new' | 'gone';
  /** The builder's name, or `client`. */
  builder: string;
  scenario?: string;
  message: string;
  /** True where a builder is worse off than before. */
  worse: boolean;
}

/** Slower counts only if it is that many times as slow, and by so much: machines are noisy. */
const slowerTimes = 2;
const slowerByMs = 1000;

/** What broke, what healed, what got another cause, what is new or gone, what slowed down; in this order. */
export function compareReports(before: Report, after: Report): Change[] {
  const rows = (report: Report): Map<string, readonly ReportCheck[]> =>
    new Map([
      ['client', report.clientChecks],
      ...report.builders.map(({ name, checks }) => [name, checks] as const),
    ]);
  const old = rows(before);
  const changes = [...rows(after)].flatMap(([name, checks]) => {
    const was = old.get(name);
    if (was === undefined) return newBuilder(after.builders.find((builder) => builder.name === name));
    return compareChecks(name, was, checks);
  });
  const gone = before.builders
    .filter(({ name }) => !after.builders.some((builder) => builder.name === name))
    .map(({ name }): Change => ({
      kind: 'gone',
      builder: name,
      message: 'is no longer tested',
      worse: false,
    }));
  const order: Change['kind'][] = ['broke', 'other-cause', 'healed', 'new', 'gone', 'slower'];
  return [...changes, ...gone].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function newBuilder(builder: ReportBuilder | undefined): Change[] {
  if (builder === undefined) return [];
  const { name, verdict, rootCause } = builder;
  const why = rootCause === null ? '' : `: ${causeOf(rootCause)}: ${rootCause.message}`;
  return [
    { kind: 'new', builder: name, message: `is new, and ${verdict}${why}`, worse: verdict === 'unhealthy' },
  ];
}

function compareChecks(
  builder: string,
  was: readonly ReportCheck[],
  checks: readonly ReportCheck[],
): Change[] {
  const before = new Map(was.map((check) => [check.scenario, check]));
  return checks.flatMap((check): Change[] => {
    const old = before.get(check.scenario);
    const { scenario, message } = check;
    // What waits is told by what it waits for.
    if (check.outcome === 'blocked') return [];
    // It was not known to be well: what it waited for is corrected, and this comes to light.
    if (isBad(check) && old?.outcome === 'blocked')
      return [
        { kind: 'other-cause', builder, scenario, message: `${causeOf(check)}: ${message}`, worse: false },
      ];
    if (isBad(check) && (old === undefined || !isBad(old)))
      return [{ kind: 'broke', builder, scenario, message: `${causeOf(check)}: ${message}`, worse: true }];
    if (old === undefined) return [];
    if (isBad(old) && !isBad(check))
      return [
        { kind: 'healed', builder, scenario, message: `was ${causeOf(old)}; now: ${message}`, worse: false },
      ];
    if (isBad(old) && causeOf(old) !== causeOf(check))
      return [
        {
          kind: 'other-cause',
          builder,
          scenario,
          message: `was ${causeOf(old)}, is ${causeOf(check)}: ${message}`,
          worse: false,
        },
      ];
    const bySoMuch = check.durationMs - old.durationMs;
    if (bySoMuch >= slowerByMs && check.durationMs >= slowerTimes * old.durationMs)
      return [
        {
          kind: 'slower',
          builder,
          scenario,
          message: `${seconds(old)} before, ${seconds(check)} now`,
          worse: false,
        },
      ];
    return [];
  });
}

function isBad({ outcome }: ReportCheck): boolean {
  return outcome === 'fail' || outcome === 'error';
}

function causeOf({ cause, scenario }: { cause?: string; scenario: string }): string {
  return cause ?? scenario;
}

function seconds({ durationMs }: ReportCheck): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
