import type { ScenarioDocument } from '../../generated/types.ts';
import type { Scenario } from '../scenario.ts';
import type { PathProblem } from '../schema-problems.ts';
import { checkCaptures } from './captures.ts';
import { checkConditions, checkOtherwise } from './conditions.ts';
import { checkHints } from './hints.ts';
import { checkProbe, type ProbeParameters } from './probe.ts';
import { checkShape } from './shape.ts';
import { checkTemplates } from './templates.ts';

/** What a schema cannot see: templates, regular expressions, matchers' operands, and what contradicts itself. */
export function checkDocument(
  data: ScenarioDocument,
  scenario: Scenario,
  several: boolean,
  probes: ReadonlyMap<string, ProbeParameters> | null,
): PathProblem[] {
  return [
    ...checkShape(data, several),
    ...checkProbe(data, probes),
    ...checkConditions(data),
    ...checkOtherwise(data),
    ...checkCaptures(data),
    ...checkHints(data),
    ...checkTemplates(data, scenario),
  ];
}
