import { traps } from '../src/machines/traps.ts';
import type { Trap } from '../src/machines/trap.ts';
import type { Scenario } from '../src/scenario/scenario.ts';

const columnNames = ['URI', 'systems', 'key', 'jobs', 'speed', 'features', 'mandatory features', 'host key'];

/** How each finding is judged: from the severity of the scenarios and from the traps of the machines file. */
export function decisionsPage(scenarios: readonly Scenario[]): string {
  const warnings = scenarios.filter(({ severity }) => severity !== 'error');
  const failures = scenarios.filter(({ severity }) => severity === 'error');
  return [
    '# How findings are rated',
    '',
    '* If a finding certainly stops builds, the check fails. The first failed check on the path of a build is the root cause.',
    '* If a finding is only unusual, or costs time, it is a warning. Builds still work.',
    '* If something could not be measured, the outcome is `error`.',
    '',
    '## An entry of the machines file',
    '',
    'Nix accepts all of these entries. A finding that certainly stops builds fails the check `entry`, which is the first check',
    'of that builder. The other findings are warnings of `machines-traps`. An entry that Nix refuses fails `machines-file`,',
    'because it stops every build.',
    '',
    '| finding | column | decision | why |',
    '| --- | --- | --- | --- |',
    ...traps.map(trapRow),
    '| `duplicate-uri` | URI | odd: a warning | Builds work; the two entries share their slots. |',
    '',
    '## Warnings',
    '',
    ...table(warnings),
    '',
    '## Failures',
    '',
    ...table(failures),
    '',
    '## What could not be measured',
    '',
    'These causes are errors. They give no information about the builder. If no check failed, the exit code is 3.',
    '',
    '| check | causes |',
    '| --- | --- |',
    ...scenarios
      .map((scenario) => ({ scenario, causes: causesOf(scenario, true) }))
      .filter(({ causes }) => causes !== '')
      .map(({ scenario, causes }) => `| ${link(scenario)} | ${causes} |`),
    '',
  ].join('\n');
}

function trapRow({ code, column, stopsBuilds, judgedBy, because }: Trap): string {
  const decision =
    stopsBuilds === 'always'
      ? 'certain: a failure'
      : stopsBuilds === undefined
        ? judgedBy === undefined
          ? 'odd: a warning'
          : `a warning, and a failure of [${judgedBy}](scenarios.md#${judgedBy}) where it stops builds`
        : 'depends on the entry';
  return `| \`${code}\` | ${columnNames[column] ?? 'after the last'} | ${decision} | ${because} |`;
}

function table(scenarios: readonly Scenario[]): string[] {
  return [
    '| check | what must hold | decision | causes |',
    '| --- | --- | --- | --- |',
    ...scenarios.map(
      (scenario) =>
        `| ${link(scenario)} | ${scenario.title} | ${words[scenario.severity] ?? scenario.severity} | ${causesOf(scenario, false)} |`,
    ),
  ];
}

const words: Readonly<Record<string, string>> = {
  error: 'certain: a failure',
  warning: 'odd: a warning',
  advice: 'advice: one line after the verdict',
};

function link({ id }: Scenario): string {
  return `[${id}](scenarios.md#${id})`;
}

/** The causes of the hints for failed observations (`ofErrors`), or of all other hints. */
function causesOf({ hint }: Scenario, ofErrors: boolean): string {
  const causes = hint.filter(({ when }) => (when?.['error'] !== undefined) === ofErrors);
  return [...new Set(causes.flatMap(({ cause }) => cause ?? []))]
    .map((cause) => `[${cause}](causes.md#${cause})`)
    .join(', ');
}
