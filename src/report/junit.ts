import type { Report, ReportBuilder, ReportCheck } from '../generated/types.ts';
import { detailsOf } from './details.ts';

/** What both JUnit templates show: a suite for the client and one for each builder. */
export function junitView(report: Report): object {
  const timestamp = report.startedAt.slice(0, 19);
  const suites = [
    ...(report.clientChecks.length === 0
      ? []
      : [suite(report, 'client', report.client.hostname, report.clientChecks, [])]),
    ...report.builders.map((builder) =>
      suite(report, builder.name, builder.host, builder.checks, propertiesOf(builder)),
    ),
  ];
  const sum = (key: 'tests' | 'failures' | 'errors' | 'skipped' | 'durationMs'): number =>
    suites.reduce((total, one) => total + one[key], 0);
  return {
    name: report.tool.name,
    timestamp,
    tests: sum('tests'),
    failures: sum('failures'),
    errors: sum('errors'),
    durationMs: sum('durationMs'),
    suites: suites.map((one, id) => ({ ...one, id, timestamp })),
  };
}

interface Suite {
  name: string;
  hostname: string;
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
  durationMs: number;
  properties: { name: string; value: string }[];
  cases: object[];
}

function suite(
  report: Report,
  name: string,
  host: string,
  checks: readonly ReportCheck[],
  properties: Suite['properties'],
): Suite {
  const count = (...outcomes: ReportCheck['outcome'][]): number =>
    checks.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    name: token(name) || 'unnamed',
    hostname: token(host || report.client.hostname) || 'unknown',
    tests: checks.length,
    failures: count('fail'),
    errors: count('error'),
    skipped: count('skip', 'blocked'),
    durationMs: checks.reduce((total, { durationMs }) => total + durationMs, 0),
    properties,
    cases: checks.map((check) => testCase(name, check)),
  };
}

/** Consumers take the text before the last dot for a package, so dots in host names are replaced. */
function testCase(name: string, check: ReportCheck): object {
  const { scenario, title, stage, tags = [], outcome, message, observation, durationMs, source } = check;
  const output = observation === undefined ? [] : [observation.stdout, observation.stderr];
  return {
    classname: `${token(name).replaceAll('.', '_')}.${stage}`,
    name: `${scenario}: ${token(title)}`,
    durationMs,
    file: source?.file ?? '',
    line: source?.line ?? 1,
    tags: tags.join(','),
    message: outcome === 'blocked' || outcome === 'skip' ? `${outcome}: ${message}` : message,
    type: check.cause ?? check.mismatches?.[0]?.matcher ?? outcome,
    body: detailsOf(check),
    failed: outcome === 'fail',
    broken: outcome === 'error',
    skipped: outcome === 'skip' || outcome === 'blocked',
    warned: outcome === 'warn',
    stdout: output[0] ?? '',
    stderr: output[1] ?? '',
  };
}

function propertiesOf({ uri, source, verdict, rootCause, checks }: ReportBuilder): Suite['properties'] {
  return [
    { name: 'uri', value: uri },
    { name: 'source', value: `${source.file ?? 'builders'}:${source.line}` },
    { name: 'verdict', value: verdict },
    ...(rootCause?.cause === undefined ? [] : [{ name: 'rootCause', value: rootCause.cause }]),
    ...checks.flatMap(({ scenario, advice }) =>
      advice === undefined ? [] : [{ name: 'advice', value: `${scenario}: ${advice.message}` }],
    ),
  ];
}

/** An `xs:token`: no line ends, no runs of blanks. */
function token(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
