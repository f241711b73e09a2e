import type { Report, ReportCheck } from '../generated/types.ts';
import { brief } from './brief.ts';
import { markdownCode } from './escape/markdown.ts';
import { formsOf } from './fix-forms.ts';
import { marks, outcomes, stageColumns } from './outcomes.ts';
import { stepsOf, type TroubleStep } from './steps.ts';
import { escaped } from './template.ts';
import {
  blocksWords,
  adviceText,
  brokenWords,
  causeWords,
  clientName,
  findAdvice,
  findTroubles,
  messagesOf,
  type Trouble,
} from './trouble.ts';
import { unmeasuredWords } from './unmeasured.ts';

/** GitHub cuts a job's summary off at 1 MiB, and a ticket long before. */
const longestMessage = 2000;
const mostTroubles = 50;

const verdictMark = { healthy: '✅', degraded: '⚠️', unhealthy: '❌' } as const;

/** What the Markdown template shows: the verdict, a row for each builder, and each cause once. */
export function markdownView(report: Report): object {
  const { summary, client, startedAt, durationMs } = report;
  const rows = [
    ...(report.clientChecks.length === 0
      ? []
      : [{ name: clientName(report), checks: report.clientChecks, rootCause: null, causes: [] }]),
    ...report.builders,
  ];
  const columns = stageColumns(rows.map(({ checks }) => checks));
  const used = new Set(rows.flatMap(({ checks }) => checks.map(({ outcome }) => outcome)));
  const troubles = findTroubles(report);
  return {
    mark: verdictMark[summary.verdict],
    verdict: summary.verdict,
    ...summary.builders,
    interrupted: report.interrupted === true,
    client: client.hostname,
    user: client.user,
    nix: client.nixVersion === '' ? 'no Nix found' : `Nix ${client.nixVersion}`,
    startedAt,
    seconds: (durationMs / 1000).toFixed(1),
    broken: brokenWords(summary),
    unmeasured: unmeasuredWords(summary.unmeasured),
    notes: client.notes ?? [],
    stages: columns.map(({ stage }) => stage),
    rows: rows.map(({ name, checks, rootCause, causes }) => ({
      name: brief(name, 200),
      cells: columns.map(({ stage, scenarios }) => stageCell(stage, scenarios, checks)),
      cause: causeWords({ rootCause, causes }),
    })),
    legend: outcomes
      .filter((outcome) => used.has(outcome))
      .map((outcome) => `${marks[outcome].mark} ${marks[outcome].word}`)
      .join(', '),
    troubles: troubles.slice(0, mostTroubles).map(troubleView),
    advice: findAdvice(report).map((one) => brief(adviceText(one), longestMessage)),
    left: Math.max(0, troubles.length - mostTroubles),
  };
}

function stageCell(
  stage: string,
  scenarios: readonly { id: string }[],
  checks: readonly ReportCheck[],
): string {
  const own = new Map(
    checks.filter((check) => check.stage === stage).map(({ scenario, outcome }) => [scenario, outcome]),
  );
  return scenarios
    .flatMap(({ id }) => {
      const outcome = own.get(id);
      return outcome === undefined ? [] : [marks[outcome].mark];
    })
    .join('');
}

function troubleView(trouble: Trouble): object {
  const { whose, mark } = trouble;
  const { scenario, cause, see } = whose[0]?.cause ?? { scenario: '' };
  return {
    mark: mark === 'advice' ? '' : marks[mark].mark,
    names: brief(whose.map(({ name }) => name).join(', '), longestMessage),
    cause: cause ?? '',
    scenario,
    see: see ?? '',
    messages: messagesOf(trouble).map((message) => brief(message, longestMessage)),
    blocks: blocksWords(trouble),
    steps: stepsOf(trouble).map(stepView),
  };
}

function stepView({ number, variants, left }: TroubleStep): object {
  return {
    left: left.join(', '),
    variants: variants.map(({ where, step }, index) => ({
      head: `${number === null || index > 0 ? '' : `${number}. `}${where}${step.says === undefined ? '' : `: ${step.says}`}`,
      parts: formsOf(step).flatMap(({ label, parts }) =>
        parts.map(({ head, text }, at) => ({
          head: [...(label === '' || at > 0 ? [] : [`${label}:`]), ...(head === '' ? [] : [head])].join(' '),
          code: escaped(markdownCode(brief(text, 20_000))),
        })),
      ),
    })),
  };
}
