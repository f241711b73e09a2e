import type { Report } from '../generated/types.ts';
import { mask } from '../report/redact.ts';
import type { Removed } from '../report/removed.ts';
import type { Json } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What a replay must do alike, so that it asks what was recorded. */
export interface RecordedRun {
  tool: { name: string; version: string };
  at: string;
  /** The ids of the scenarios that ran. */
  scenarios: string[];
  readOnly: boolean;
  /** Without those whose values are secret. */
  vars: Record<string, Json>;
  /** The names of those. */
  secrets: string[];
  /** What it found; see {@link foundIn}. */
  found: string[];
}

/** `BUILDER SCENARIO CAUSE` for each check that did not pass. */
export function foundIn({ clientChecks, builders }: Report): string[] {
  return [{ name: 'client', checks: clientChecks }, ...builders].flatMap(({ name, checks }) =>
    checks
      .filter(({ outcome }) => outcome === 'fail' || outcome === 'warn' || outcome === 'error')
      .map(({ scenario, outcome, cause }) => `${name} ${scenario} ${cause ?? outcome}`),
  );
}

/** The scenarios that ran then, unless others are asked for; and what the reader must know of the rest. */
export function asRecorded(
  selected: readonly Scenario[],
  run: RecordedRun | undefined,
  isChosen: boolean,
): { scenarios: Scenario[]; notes: string[] } {
  if (run === undefined || isChosen) return { scenarios: [...selected], notes: [] };
  const known = new Set(selected.map(({ id }) => id));
  const gone = run.scenarios.filter((id) => !known.has(id));
  return {
    scenarios: selected.filter(({ id }) => run.scenarios.includes(id)),
    notes:
      gone.length === 0
        ? []
        : [`The recording holds ${gone.join(', ')}, which this suite lacks: give their files with --spec.`],
  };
}

/** How a replay differs from the run that was recorded; none where it finds the same. */
export function differences(run: RecordedRun | undefined, report: Report): string[] {
  if (run === undefined) return [];
  const now = foundIn(report);
  const [gone, others] = [
    run.found.filter((one) => !now.includes(one)),
    now.filter((one) => !run.found.includes(one)),
  ];
  return [
    ...gone.map(
      (one) => `The recorded run (version ${run.tool.version}) found what this one does not: ${one}`,
    ),
    ...others.map((one) => `This run finds what the recorded one did not: ${one}`),
  ];
}

/** Secret values as they stand in the recording, so that its questions are found again. */
export function maskedVars(run: RecordedRun | undefined): Record<string, string> {
  return Object.fromEntries((run?.secrets ?? []).map((name) => [name, mask]));
}

/** What the reader of a recording that is to be attached somewhere must know. */
export function removedWords(target: string, removed: readonly Removed[]): string[] {
  const list = removed.map(({ what, count }) => `${count} x ${what}`).join(', ');
  return [
    `Recorded in ${target}. Removed: ${list === '' ? 'nothing, no secret was found' : list}.`,
    'It still holds host names, user names, paths, settings and what commands printed: read it before you attach it.',
  ];
}
