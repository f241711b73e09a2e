import type { Report } from '../generated/report.ts';

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
