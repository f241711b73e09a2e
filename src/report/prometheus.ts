import type { Report, ReportCheck, RootCause } from '../generated/types.ts';
import { brief } from './brief.ts';
import { rootCauseOf } from './build.ts';
import { oneLine } from './escape/visible.ts';
import { outcomes } from './outcomes.ts';

/**
 * What the Prometheus template shows. Labels are bounded: builders, the six outcomes, and causes that the scenarios
 * declare; never a message.
 */
export function prometheusView(report: Report): object {
  const names = labels(['client', ...report.builders.map(({ name }) => name)]);
  const subjects = [
    ...(report.clientChecks.length === 0 ? [] : [{ name: names[0] ?? '', checks: report.clientChecks }]),
    ...report.builders.map(({ checks }, index) => ({ name: names[index + 1] ?? '', checks })),
  ];
  const own = rootCauseOf(report.clientChecks, []);
  return {
    version: report.tool.version,
    timestamp: (Date.parse(report.startedAt) + report.durationMs) / 1000,
    durationMs: report.durationMs,
    healthy: report.summary.verdict === 'healthy' ? 1 : 0,
    interrupted: report.interrupted === true ? 1 : 0,
    clientScenario: own?.scenario ?? '',
    clientCause: causeLabel(own),
    builders: report.builders.map(({ verdict, rootCause }, index) => ({
      name: names[index + 1] ?? '',
      up: verdict === 'healthy' ? 1 : 0,
      cause: causeLabel(rootCause),
      scenario: rootCause?.scenario ?? '',
    })),
    subjects: subjects.map(({ name, checks }) => ({
      name,
      durationMs: checks.reduce((sum, { durationMs }) => sum + durationMs, 0),
      counts: counts(checks),
    })),
  };
}

function causeLabel(rootCause: RootCause | null): string {
  return rootCause === null ? '' : (rootCause.cause ?? 'unnamed');
}

function counts(checks: readonly ReportCheck[]): { outcome: string; count: number }[] {
  return outcomes.map((outcome) => ({
    outcome,
    count: checks.filter((check) => check.outcome === outcome).length,
  }));
}

/** Names as labels: short, and still each its own, for two series with the same labels spoil a whole scrape. */
function labels(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    const short = brief(oneLine(name), 100);
    let label = short;
    for (let number = 2; used.has(label); number += 1) label = `${short} (${number})`;
    used.add(label);
    return label;
  });
}
