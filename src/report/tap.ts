import { stringify } from 'yaml';
import type { FixStep, Report, ReportCheck } from '../generated/types.ts';
import { brief } from './brief.ts';
import { oneLine, visible } from './escape/visible.ts';
import { fixText } from './fix-text.ts';
import { escaped } from './template.ts';

/** What the TAP template shows: a subtest for the client and one for each builder. */
export function tapView(report: Report, version: 13 | 14): object {
  const groups = [
    ...(report.clientChecks.length === 0 ? [] : [{ name: 'client', checks: report.clientChecks }]),
    ...report.builders.map(({ name, checks }) => ({ name, checks })),
  ];
  return {
    version,
    verdict: report.summary.verdict,
    notes: report.client.notes ?? [],
    total: groups.length,
    groups: groups.map(({ name, checks }, index) => ({
      number: index + 1,
      name,
      status: checks.some(isNotOk) ? 'not ok' : 'ok',
      total: checks.length,
      skipped: checks.length === 0 ? 'no check was made' : '',
      points: checks.map((check, at) => ({
        number: at + 1,
        status: isNotOk(check) ? 'not ok' : 'ok',
        name: `${check.scenario}: ${brief(check.title, longestText)}`,
        skip:
          check.outcome === 'skip' || check.outcome === 'blocked'
            ? `${check.outcome}: ${brief(check.message, longestText)}`
            : '',
        diagnostics: escaped(diagnosticsOf(check)),
      })),
    })),
  };
}

function isNotOk({ outcome }: ReportCheck): boolean {
  return outcome === 'fail' || outcome === 'error';
}

/** Perl's reader gives up on longer lines. */
const longestText = 8000;

/** A YAML block four blanks deep plus two, as a test point of a subtest wants it; empty for what passed or was not run. */
function diagnosticsOf(check: ReportCheck): string {
  const { outcome, message, cause, fix = [], mismatches = [], observation, durationMs, source } = check;
  if (outcome === 'pass' || outcome === 'skip' || outcome === 'blocked') return '';
  const [first] = mismatches;
  const data = {
    message: line(message),
    severity: outcome,
    ...(cause === undefined ? {} : { cause }),
    ...(fix.length === 0 ? {} : { fix: fix.map((step: FixStep) => line(fixText(step))) }),
    ...(first === undefined
      ? {}
      : { path: first.path, wanted: clean(first.expected), found: clean(first.actual) }),
    ...(observation?.command === undefined ? {} : { command: clean(observation.command) }),
    ...(observation?.probe === undefined ? {} : { probe: observation.probe }),
    ...(observation?.exitCode === undefined ? {} : { exitcode: observation.exitCode }),
    ...(observation?.stderr ? { stderr: clean(observation.stderr) } : {}),
    ...(source === undefined ? {} : { at: { file: visible(source.file), line: source.line } }),
    duration_ms: durationMs,
  };
  const yaml = stringify(data, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    // prove's YAML reader knows no scalar of several lines.
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
  const block = ['---', ...yaml.trimEnd().split('\n'), '...'];
  return `${block.map((line) => `      ${line}`).join('\n')}\n`;
}

function clean(value: unknown): string {
  return visible(brief(typeof value === 'string' ? value : JSON.stringify(value ?? null), longestText));
}

function line(text: string): string {
  return oneLine(brief(text, longestText));
}
