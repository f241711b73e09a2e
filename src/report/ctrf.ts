import type { Outcome, Report, ReportCheck } from '../generated/types.ts';
import { detailsOf } from './details.ts';

/** Version of the Common Test Report Format (ctrf.io). */
const specVersion = '0.0.0';

/**
 * Statuses of CTRF. What could not be measured is failed, not `other`: consumers gate on the number of failed ones, and
 * no answer must not look like a pass. `rawStatus` keeps the difference.
 */
const statuses: Record<Outcome, 'passed' | 'failed' | 'skipped'> = {
  pass: 'passed',
  warn: 'passed',
  fail: 'failed',
  error: 'failed',
  blocked: 'skipped',
  skip: 'skipped',
};

/** The report in the Common Test Report Format: a suite for the client and one for each builder. Times in milliseconds. */
export function ctrfView(report: Report): object {
  const start = Date.parse(report.startedAt);
  const tests = [
    ...report.clientChecks.map((check) => testOf(check, 'client', start)),
    ...report.builders.flatMap(({ name, checks }) => checks.map((check) => testOf(check, name, start))),
  ];
  const count = (status: string): number => tests.filter((test) => test.status === status).length;
  return {
    reportFormat: 'CTRF',
    specVersion,
    timestamp: report.startedAt,
    generatedBy: report.tool.name,
    results: {
      tool: { name: report.tool.name, version: report.tool.version },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: 0,
        other: 0,
        suites: report.builders.length + (report.clientChecks.length === 0 ? 0 : 1),
        start,
        stop: start + Math.round(report.durationMs),
        extra: { verdict: report.summary.verdict, interrupted: report.interrupted === true },
      },
      tests,
      environment: {
        extra: {
          client: report.client.hostname,
          user: report.client.user,
          nixVersion: report.client.nixVersion,
        },
      },
    },
  };
}

function testOf(check: ReportCheck, suite: string, runStart: number) {
  const { scenario, title, stage, outcome, message, cause, startedMs, durationMs, source, observation } =
    check;
  const { attempts = 1, tags } = check;
  const start = startedMs === undefined ? undefined : runStart + startedMs;
  return {
    name: `${scenario}: ${title}`,
    status: statuses[outcome],
    rawStatus: outcome,
    suite: [suite, stage],
    ...(tags === undefined ? {} : { tags }),
    duration: Math.round(durationMs),
    ...(start === undefined ? {} : { start, stop: start + Math.round(durationMs) }),
    ...(outcome === 'pass' ? {} : { message, trace: detailsOf(check) }),
    ...(source === undefined ? {} : { filePath: source.file, line: source.line }),
    ...(attempts > 1 ? { retries: attempts - 1, flaky: outcome === 'pass' } : {}),
    ...linesOf('stdout', observation?.stdout),
    ...linesOf('stderr', observation?.stderr),
    labels: { scenario, stage, ...(cause === undefined ? {} : { cause }) },
  };
}

function linesOf(name: 'stdout' | 'stderr', text = ''): Record<string, string[]> {
  return text === '' ? {} : { [name]: text.replace(/\n$/, '').split('\n') };
}
