import { stepAsWritten } from '../fix/as-written.ts';
import { fixText } from '../report/fix-text.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { print } from '../cli/print.ts';
import { readSuiteToRun } from '../setup/suite.ts';
import { suggestWord } from '../support/did-you-mean.ts';
import { UserError } from '../support/user-error.ts';

/** `explain SCENARIO|CAUSE`: what the YAML says of it, in prose. */
export async function explain(name: string, options: { spec: string[] }): Promise<number> {
  const scenarios = await readSuiteToRun({ spec: options.spec, defaultSpecs: true });
  const scenario = scenarios.find(({ id }) => id === name);
  const named = scenarios.filter(({ hint }) => hint.some(({ cause }) => cause === name));
  if (scenario === undefined && named.length === 0) {
    const known = scenarios.flatMap(({ id, hint: own }) => [id, ...own.flatMap(({ cause }) => cause ?? [])]);
    const hint = suggestWord(name, known, '; the command list shows the scenarios');
    throw new UserError(`no scenario and no cause is called "${name}"${hint}`);
  }
  const parts = [
    ...(scenario === undefined ? [] : [explainScenario(scenario, needsOf(scenario, scenarios))]),
    ...(named.length === 0 ? [] : [explainCause(name, named)]),
  ];
  print(parts.join('\n\n'));
  return 0;
}

/** All that it needs, near and far, as a tree; what was shown above is not shown again. */
function needsOf(
  scenario: Scenario,
  scenarios: readonly Scenario[],
  depth = 0,
  seen = new Set<string>(),
): string[] {
  return scenario.needs.flatMap((id) => {
    const line = `        ${'  '.repeat(depth)}${id}`;
    const needed = scenarios.find((other) => other.id === id);
    if (needed === undefined || seen.has(id)) return [line];
    seen.add(id);
    return [line, ...needsOf(needed, scenarios, depth + 1, seen)];
  });
}

function explainScenario(
  { id, title, about, stage, per, tags, effect, hint, source }: Scenario,
  needs: readonly string[],
): string {
  const causes = [...new Set(hint.map(({ cause }) => cause).filter((cause) => cause !== undefined))];
  return [
    `${id}: ${title}`,
    ...(about === undefined ? [] : ['', about.trim()]),
    '',
    `stage   ${stage}, once per ${per}`,
    ...(tags.length === 0 ? [] : [`tags    ${tags.join(', ')}`]),
    `needs   ${needs.length === 0 ? 'nothing' : ''}`.trimEnd(),
    ...needs,
    `effect  ${effect}`,
    `causes  ${causes.join(', ') || 'none named'}`,
    `source  ${source.file}`,
  ].join('\n');
}

function explainCause(cause: string, scenarios: readonly Scenario[]): string {
  return scenarios
    .flatMap((scenario) =>
      scenario.hint
        .filter((hint) => hint.cause === cause)
        .map((hint) =>
          [
            `${cause}: found by ${scenario.id} (${scenario.title})`,
            '',
            hint.says,
            ...(hint.fix.length === 0
              ? []
              : [
                  '',
                  'Fix:',
                  ...hint.fix.map((step, index) => `  ${index + 1}. ${fixText(stepAsWritten(step))}`),
                ]),
            ...(hint.see === undefined ? [] : ['', `See ${hint.see}`]),
          ].join('\n'),
        ),
    )
    .join('\n\n');
}
