import type { FleetVerdict, Report, ReportBuilder, ReportCheck, RootCause } from '../generated/types.ts';

import { unmeasuredOf } from './unmeasured.ts';

type Summary = Report['summary'];

/** Counts builders and checks, those of the client too. */
export function summarise(clientChecks: readonly ReportCheck[], builders: readonly ReportBuilder[]): Summary {
  const checks: Summary['checks'] = { pass: 0, warn: 0, fail: 0, error: 0, blocked: 0, skip: 0 };
  for (const { outcome } of [...clientChecks, ...builders.flatMap((builder) => builder.checks)])
    checks[outcome] += 1;
  const healthy = builders.filter(({ verdict }) => verdict === 'healthy').length;
  return {
    verdict: fleetVerdict(clientChecks, builders.length, healthy),
    causes: new Set(
      [clientChecks, ...builders.map((one) => one.checks)]
        .flatMap((checks) => failuresOf(checks.filter(({ outcome }) => outcome === 'fail')))
        .map(causeKey),
    ).size,
    unmeasured: unmeasuredOf(clientChecks, builders),
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
  const [found] = failuresOf([...clientChecks, ...checks]);
  if (found === undefined) return null;
  const { scenario, cause, message, fix = [], see } = found;
  return {
    scenario,
    ...(cause === undefined ? {} : { cause }),
    message,
    fix,
    ...(see === undefined ? {} : { see }),
  };
}

/** The scenarios that failed independently of each other: the client's, then the builder's own. */
export function causesOf(clientChecks: readonly ReportCheck[], checks: readonly ReportCheck[]): string[] {
  return failuresOf([...clientChecks, ...checks]).map(({ scenario }) => scenario);
}

/** Test builds of the default suite: one that fails after another check of the builder failed shows that failure again. */
const testBuilds: ReadonlySet<string> = new Set(['remote-build', 'local-to-remote-build']);

/**
 * The checks that failed independently of each other, along the path: a check is blocked where one that it needs
 * failed, so none of these follows from another. Each cause once. Where nothing failed, the first check that could not
 * be measured: one lost connection leaves many unmeasured.
 */
export function failuresOf(checks: readonly ReportCheck[]): ReportCheck[] {
  const failed = new Map<string, ReportCheck>();
  for (const check of checks) {
    const key = causeKey(check);
    const follows = failed.size > 0 && testBuilds.has(check.scenario);
    if (check.outcome === 'fail' && !follows && !failed.has(key)) failed.set(key, check);
  }
  return failed.size > 0
    ? [...failed.values()]
    : checks.filter(({ outcome }) => outcome === 'error').slice(0, 1);
}

/** Same for checks that found the same: by the cause, without one by scenario and words. */
export function causeKey({
  scenario,
  cause,
  message,
}: Pick<ReportCheck, 'scenario' | 'cause' | 'message'>): string {
  return cause ?? JSON.stringify([scenario, message]);
}

function isBad({ outcome }: ReportCheck): boolean {
  return outcome === 'fail' || outcome === 'error' || outcome === 'blocked';
}
