import type { FleetVerdict, Report, ReportBuilder, ReportCheck, RootCause } from '../generated/types.ts';

type Summary = Report['summary'];

/** Counts builders and checks, those of the client too. */
export function summarise(clientChecks: readonly ReportCheck[], builders: readonly ReportBuilder[]): Summary {
  const checks: Summary['checks'] = { pass: 0, warn: 0, fail: 0, error: 0, blocked: 0, skip: 0 };
  for (const { outcome } of [...clientChecks, ...builders.flatMap((builder) => builder.checks)])
    checks[outcome] += 1;
  const healthy = builders.filter(({ verdict }) => verdict === 'healthy').length;
  return {
    verdict: fleetVerdict(clientChecks, builders.length, healthy),
    builders: { total: builders.length, healthy, unhealthy: builders.length - healthy },
    checks,
  };
}

/** degraded: some builders are healthy; unhealthy: none is. A client that is broken makes every builder unhealthy. */
function fleetVerdict(clientChecks: readonly ReportCheck[], total: number, healthy: number): FleetVerdict {
  if (clientChecks.some(isBad)) return 'unhealthy';
  if (healthy === total && total > 0) return 'healthy';
  return healthy === 0 ? 'unhealthy' : 'degraded';
}

/** Healthy: nothing failed, nothing could not be measured, nothing is blocked; on the client neither. */
export function verdictOf(
  clientChecks: readonly ReportCheck[],
  checks: readonly ReportCheck[],
): ReportBuilder['verdict'] {
  return [...clientChecks, ...checks].some(isBad) ? 'unhealthy' : 'healthy';
}

/**
 * The first thing that is broken along the path: a failure of the client, for that affects every builder, else the
 * builder's own; what failed goes before what could not be measured. Null where nothing is.
 */
export function rootCauseOf(
  clientChecks: readonly ReportCheck[],
  checks: readonly ReportCheck[],
): RootCause | null {
  const all = [...clientChecks, ...checks];
  const found =
    all.find(({ outcome }) => outcome === 'fail') ?? all.find(({ outcome }) => outcome === 'error') ?? null;
  if (found === null) return null;
  const { scenario, cause, message, fix = [], see } = found;
  return {
    scenario,
    ...(cause === undefined ? {} : { cause }),
    message,
    fix,
    ...(see === undefined ? {} : { see }),
  };
}

/** 0 healthy, 1 something failed, 3 nothing failed but something could not be measured. */
export function exitCodeOf({ summary, interrupted }: Report): 0 | 1 | 3 {
  if (summary.checks.fail > 0) return 1;
  return summary.checks.error > 0 || summary.checks.blocked > 0 || interrupted === true ? 3 : 0;
}

/** The exit codes of a Nagios plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
export function nagiosExitCodeOf(report: Report): 0 | 1 | 2 | 3 {
  const code = exitCodeOf(report);
  if (code === 1) return 2;
  if (code === 3) return 3;
  return report.summary.checks.warn > 0 ? 1 : 0;
}

function isBad({ outcome }: ReportCheck): boolean {
  return outcome === 'fail' || outcome === 'error' || outcome === 'blocked';
}
