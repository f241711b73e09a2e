import { unmet } from './condition.ts';
import type { Observation } from './observation.ts';
import type { Expectation } from './scenario.ts';
import type { Context } from './template/context.ts';
import { renderValue } from './template/render.ts';

/** Whether a condition of a scenario holds for what was seen. */
export function holds(condition: Expectation, observation: Observation, context: Context): boolean {
  return unmet(renderValue(condition, context) as Expectation, { observation, context }).length === 0;
}
