import type { FixStep } from '../generated/types.ts';
import type { Hint } from './scenario.ts';
import type { Context } from './template/context.ts';
import { renderFixRun, renderText } from './template/render.ts';

/** A step of a hint with its templates filled in. Throws TemplateError. */
export function renderFixStep(step: Hint['fix'][number], context: Context): FixStep {
  const { on, safe, object, says, run, module, edit, ...change } = step;
  const text = (template: string): string => renderText(template, context);
  return {
    on,
    ...(safe === undefined ? {} : { safe }),
    ...(object === undefined ? {} : { object: text(object) }),
    ...(says === undefined ? {} : { says: text(says) }),
    ...(run === undefined ? {} : { run: renderFixRun(run, context).trim() }),
    ...(module === undefined ? {} : { module: renderText(module, context, 'nix') }),
    ...(edit === undefined ? {} : { edit: inEach(edit, text) }),
    ...(Object.keys(change).length === 0 ? {} : { change: inEach(change, text) }),
  };
}

/** Data with its templates filled in. */
function inEach<T>(value: T, text: (template: string) => string): T {
  if (typeof value === 'string') return text(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  // The same keys, and texts stay texts.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inEach(item, text)])) as T;
}
