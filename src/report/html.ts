import { createHash } from 'node:crypto';
import { pageScript, pageStyle } from '../generated/page.ts';
import type { Report, ReportBuilder, ReportCheck } from '../generated/types.ts';
import { brief } from './brief.ts';
import { htmlJson } from './escape/html.ts';
import { oneLine, visible } from './escape/visible.ts';
import { formsOf } from './fix-forms.ts';
import { lazily } from './lazily.ts';
import { marks, outcomes, stageColumns } from './outcomes.ts';
import { stepsOf } from './steps.ts';
import { mapStrings, remembered } from './strings.ts';
import { escaped, escapedPieces } from './template.ts';
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

/** A page of 200 builders must still open at once. */
const longestText = 4000;

const verdictMark = { healthy: '✓', degraded: '!', unhealthy: '✗' } as const;

/**
 * What the HTML template shows. The page stands as it is without its script; the script opens the details, which lie
 * in the page as data, filters and moves the focus. Nothing that was observed ever becomes code: the policy allows the
 * one script and the one style of the project, by their hashes.
 */
export function htmlView(report: Report): object {
  const { summary, client, startedAt, durationMs, tool } = report;
  const rows = [{ name: clientName(report), uri: '', checks: report.clientChecks }, ...report.builders];
  const columns = stageColumns(report.builders.map(({ checks }) => checks));
  const scenarios = columns.flatMap(({ stage, scenarios: own }) => own.map((one) => ({ ...one, stage })));
  const tagsOf = new Map(
    rows.flatMap(({ checks }) => checks.map(({ scenario, tags = [] }) => [scenario, tags] as const)),
  );
  const tagsText = (scenario: string): string => (tagsOf.get(scenario) ?? []).join(' ');
  const troubles = findTroubles(report);
  const here = called(clientName(report));
  return {
    policy: `default-src 'none'; script-src 'sha256-${hash(pageScript)}'; style-src 'sha256-${hash(pageStyle)}'; img-src data:; base-uri 'none'; form-action 'none'`,
    style: escaped(pageStyle),
    script: escaped(pageScript),
    data: escapedPieces(dataPieces(rows)),
    tool: `${tool.name} ${tool.version}`,
    mark: verdictMark[summary.verdict],
    verdict: summary.verdict,
    ...summary.builders,
    interrupted: report.interrupted === true,
    client: client.hostname,
    user: client.user,
    nix: client.nixVersion === '' ? 'no Nix found' : `Nix ${client.nixVersion}`,
    startedAt,
    when: startedAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC'),
    seconds: (durationMs / 1000).toFixed(1),
    broken: brokenWords(summary),
    unmeasured: unmeasuredWords(summary.unmeasured),
    notes: client.notes ?? [],
    counts: outcomes
      .map((outcome) => ({ outcome, ...marks[outcome], count: summary.checks[outcome] }))
      .filter(({ count }) => count > 0),
    stages: [...new Set(rows.flatMap(({ checks }) => checks.map(({ stage }) => stage)))],
    tags: [...new Set([...tagsOf.values()].flat())].sort(),
    causes: [...new Set(rows.flatMap(({ checks }) => checks.flatMap(({ cause }) => cause ?? [])))].sort(),
    findings: [
      { id: 'troubles', head: 'What is wrong', list: troubles },
      { id: 'advice', head: 'Advice', list: findAdvice(report) },
    ]
      .filter(({ list }) => list.length > 0)
      .map((section) => ({
        ...section,
        list: section.list.map((trouble) => troubleView(trouble, tagsText)),
      })),
    clientChecks: report.clientChecks.map((check, at) => ({
      ...cell(check, here),
      at: `0.${at}`,
      scenario: check.scenario,
      tags: tagsText(check.scenario),
    })),
    columns: columns.map(({ stage, scenarios: own }) => ({ stage, span: own.length })),
    scenarios: scenarios.map(({ id, title, stage }, index) => ({
      id,
      title,
      stage,
      tags: tagsText(id),
      first: columns.some(
        ({ stage: one, scenarios: own }) => one === stage && own[0]?.id === id && index > 0,
      ),
    })),
    anyBuilder: report.builders.length > 0,
    builders: lazily(report.builders, ({ name, verdict, rootCause, causes, checks, uri }, row) => {
      const who = called(name);
      const at = new Map(checks.map((check, index) => [check.scenario, { check, index }]));
      return {
        row: row + 1,
        name,
        uri,
        verdict,
        cause: causeWords({ rootCause, causes }),
        cells: scenarios.map(({ id }) => {
          const found = at.get(id);
          return found === undefined
            ? { made: false }
            : { ...cell(found.check, who), made: true, at: `${row + 1}.${found.index}` };
        }),
      };
    }),
  };
}

/** A name as it is read out. */
function called(name: string): string {
  return oneLine(brief(name, 100));
}

function cell({ outcome, scenario }: ReportCheck, who: string): object {
  const { mark, word } = marks[outcome];
  return { outcome, mark, label: `${who}, ${scenario}: ${word}` };
}

/** `tagsOf`: the tags of a scenario, with spaces between them. */
function troubleView(trouble: Trouble, tagsOf: (scenario: string) => string): object {
  const { whose, mark } = trouble;
  const { scenario, cause, see } = whose[0]?.cause ?? { scenario: '' };
  return {
    kind: mark,
    mark: mark === 'advice' ? '' : marks[mark].mark,
    folded: mark === 'advice' ? brief(oneLine(adviceText(trouble)), longestText) : '',
    names: whose.map(({ name }) => brief(name, 200)),
    cause: cause ?? '',
    scenario,
    tags: tagsOf(scenario),
    see: see !== undefined && /^https?:\/\//.test(see) ? see : '',
    read: see ?? '',
    messages: messagesOf(trouble).map((message) => brief(message, longestText)),
    blocks: blocksWords(trouble),
    steps: stepsOf(trouble).flatMap(({ variants, left }) => [
      ...variants.map(({ where, step }) => ({
        head: `${where}${step.says === undefined ? '' : `: ${step.says}`}`,
        forms: formsOf(step).map(({ label, parts }) => ({
          label,
          parts: parts.map(({ head, kind, text }) => ({ head, text, old: kind === 'old' })),
        })),
      })),
      ...(left.length === 0 ? [] : [{ head: `and so on for ${left.join(', ')}`, forms: [] }]),
    ]),
  };
}

/** A JSON list of the rows, every text made harmless and given an end. */
function* dataPieces(rows: readonly Pick<ReportBuilder, 'name' | 'uri' | 'checks'>[]): Generator<string> {
  const trim = remembered((text) => brief(visible(text), longestText));
  yield '[';
  for (const [index, { name, uri, checks }] of rows.entries())
    yield `${index === 0 ? '' : ','}${htmlJson(mapStrings({ name, uri, checks }, trim))}`;
  yield ']';
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
