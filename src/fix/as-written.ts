import type { FixStep, ScenarioFix } from '../generated/types.ts';
import { printStep } from './print.ts';
import type { System } from '../system/system.ts';

/** A step of a scenario as it would be printed for a system (default: the likeliest ones), with its templates as they are. */
export function stepAsWritten(
  { on, says, run, module, edit, ...more }: ScenarioFix,
  system: System | null = null,
): FixStep {
  const { safe: _safe, object: _object, machines, ...change } = more;
  const step: FixStep = {
    on,
    ...(says === undefined ? {} : { says }),
    ...(run === undefined ? {} : { run }),
    ...(module === undefined ? {} : { module }),
    ...(edit === undefined ? {} : { edit }),
    ...(Object.keys(change).length === 0 ? {} : { change }),
  };
  if (machines !== undefined) {
    const { column, value = '', entry, remove } = machines;
    const text =
      remove === true ? '# {{builder.entry}}' : (entry ?? `{{builder.entry}} with ${column ?? ''} ${value}`);
    return { ...step, edit: { file: '{{builder.file}}', replace: '{{builder.entry}}', with: text } };
  }
  return printStep(step, { client: system, builder: system, banner: '', entry: null });
}
