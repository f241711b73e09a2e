import type { Report, ReportCheck } from '../generated/types.ts';
import { failuresOf } from './build.ts';
import { brief } from './brief.ts';
import { githubProperty } from './escape/github.ts';
import { fixText } from './fix-text.ts';
import { escaped } from './template.ts';
import { brokenWords } from './trouble.ts';
import { unmeasuredWords } from './unmeasured.ts';

/** A line of the log that GitHub shows beside the file that it names. */
interface Annotation {
  level: 'error' | 'warning' | 'notice';
  file?: string | undefined;
  line?: number | undefined;
  title: string;
  message: string;
}

/** GitHub refuses to show much more than this. */
const longestMessage = 4000;

/**
 * What the GitHub template shows. GitHub shows ten errors and ten warnings of a step, so what matters comes first: the
 * verdict, then each broken builder on its line of the machines file, then each scenario that found something, once
 * for all builders, on the file that it is written in.
 */
export function githubView(report: Report): object {
  const { summary } = report;
  const { total, healthy } = summary.builders;
  const broken = brokenWords(summary);
  const left = unmeasuredWords(summary.unmeasured);
  const verdict: Annotation = {
    level: summary.verdict === 'healthy' ? 'notice' : 'error',
    title: `Nix remote builders: ${summary.verdict}`,
    message: `${healthy} of ${total} builders healthy${broken === '' ? '' : ` (${broken})`}; ${Object.entries(
      summary.checks,
    )
      .filter(([, count]) => count > 0)
      .map(([outcome, count]) => `${count} ${outcome}`)
      .join(', ')}${left === '' ? '' : `; ${left}`}`,
  };
  const annotations = [verdict, ...machinesLines(report), ...scenarioFiles(report)];
  return { annotations: annotations.map(commandView) };
}

/** The failures of a builder, or else that of the client that breaks it. */
function machinesLines({ builders }: Report): Annotation[] {
  return builders.flatMap(({ name, source, rootCause, checks }) => {
    const own = failuresOf(checks);
    const failures = own.length > 0 ? own : [rootCause ?? []].flat();
    return failures.map(({ scenario, cause, message, fix = [] }) => ({
      level: 'error' as const,
      file: source.file,
      line: source.line,
      title: `${name}: ${cause ?? scenario}`,
      message: [message, ...fix.map((step) => `Fix ${fixText(step)}`)].join('\n'),
    }));
  });
}

/** One annotation for each scenario and outcome, with all that it is about. */
function scenarioFiles({ clientChecks, builders }: Report): Annotation[] {
  const level = { fail: 'error', error: 'error', warn: 'warning', advice: 'notice' } as const;
  const found = new Map<string, { check: ReportCheck; outcome: keyof typeof level; lines: string[] }>();
  for (const { name, checks } of [{ name: 'client', checks: clientChecks }, ...builders]) {
    for (const check of checks) {
      const { scenario, message, advice } = check;
      const outcome = advice === undefined ? check.outcome : 'advice';
      const cause = advice?.cause ?? check.cause;
      if (outcome === 'pass' || outcome === 'skip' || outcome === 'blocked') continue;
      const key = `${outcome} ${scenario}`;
      const own = found.get(key) ?? { check, outcome, lines: [] };
      found.set(key, own);
      own.lines.push(`${name}: ${cause === undefined ? '' : `${cause}: `}${message}`);
    }
  }
  return [...found.values()].map(({ check: { scenario, title, source }, outcome, lines }) => ({
    level: level[outcome],
    file: source?.file,
    line: source?.line,
    title: `${outcome}: ${scenario}: ${title}`,
    message: lines.join('\n'),
  }));
}

function commandView({ level, file, line, title, message }: Annotation): object {
  const properties = Object.entries({ file, line, title }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${githubProperty(brief(String(value), 500))}`],
  );
  return { level, properties: escaped(properties.join(',')), message: brief(message, longestMessage) };
}
