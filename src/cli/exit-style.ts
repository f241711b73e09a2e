import type { Report } from '../generated/report.ts';
import { exitCodeOf, nagiosExitCodeOf } from '../report/exit-code.ts';
import { UserError } from '../support/user-error.ts';

const styles = { check: exitCodeOf, nagios: nagiosExitCodeOf } as const;

/** Reads `--exit`. Throws {@link UserError}. */
export function readExitStyle(text: string | undefined): keyof typeof styles {
  if (text === undefined) return 'check';
  if (text !== 'check' && text !== 'nagios')
    throw new UserError(`--exit wants check or nagios, not "${text}"`);
  return text;
}

/** The exit code that tells the report's verdict, to a shell or to a monitoring system; `strict`: a warning fails. */
export function exitCodeFor(report: Report, style: keyof typeof styles, strict = false): number {
  const { checks } = report.summary;
  const counted = strict
    ? { ...report, summary: { ...report.summary, checks: { ...checks, fail: checks.fail + checks.warn } } }
    : report;
  return styles[style](counted);
}
