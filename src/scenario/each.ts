import type { Json } from './observation.ts';
import type { Each, EachValue, Scenario } from './scenario.ts';
import { renderText } from './template/render.ts';

/** A list of `each` that has no values in this run. */
export class EachError extends Error {
  override readonly name = 'EachError';
}

const mostInstances = 1_000;

/**
 * The scenarios, each of those with `each` replaced by one instance for every combination of its values, e.g.
 * `has-tool[git,root]`. Whoever needs `has-tool` needs all of its instances. Throws {@link EachError} for a variable
 * that has no values, and for a need that is no instance.
 */
export function expandEach(scenarios: readonly Scenario[], vars: Readonly<Record<string, Json>>): Scenario[] {
  const instances = new Map(
    scenarios.flatMap((one) => (one.each === undefined ? [] : [[one.id, instancesOf(one, one.each, vars)]])),
  );
  if (instances.size === 0) return [...scenarios];
  const idsOf = (need: string): string[] => {
    const all = instances.get(baseOf(need))?.map(({ id }) => id);
    if (all === undefined) return [need];
    if (need === baseOf(need)) return all;
    if (!all.includes(need))
      throw new EachError(`no check is called "${need}"; there are: ${all.join(', ')}`);
    return [need];
  };
  return scenarios
    .flatMap((one) => instances.get(one.id) ?? [one])
    .map((one) => ({ ...one, needs: one.needs.flatMap(idsOf) }));
}

/** The scenario's id in the id of an instance: `has-tool` of `has-tool[git,root]`. */
export function baseOf(id: string): string {
  return id.replace(/\[.*\]$/s, '');
}

/** The scenario that a need names, by its id or by that of an instance. */
export function neededOf(byId: ReadonlyMap<string, Scenario>, need: string): Scenario | undefined {
  return byId.get(need) ?? byId.get(baseOf(need));
}

/** Whether a name given by the user (`-t`, a waiver) means this check: its id, or the id of its scenario. */
export function isCalled(id: string, name: string): boolean {
  return id === name || baseOf(id) === name;
}

function instancesOf(scenario: Scenario, each: Each, vars: Readonly<Record<string, Json>>): Scenario[] {
  let combinations: Record<string, EachValue>[] = [{}];
  for (const [name, list] of Object.entries(each)) {
    const values = typeof list === 'string' ? valuesOf(list, scenario, vars) : list;
    combinations = combinations.flatMap((known) => values.map((value) => ({ ...known, [name]: value })));
    if (combinations.length > mostInstances)
      throw new EachError(`${scenario.id}: "each" makes more than ${mostInstances} checks`);
  }
  const { each: _lists, ...rest } = scenario;
  return combinations.map((values) => {
    const words = Object.values(values).join(',');
    return {
      ...rest,
      id: `${scenario.id}[${words}]`,
      title: scenario.title.includes('{{')
        ? renderText(scenario.title, { client: {}, facts: {}, vars: {}, each: values })
        : `${scenario.title} (${words})`,
      eachValues: values,
    };
  });
}

/** The values of `vars.NAME`: a list, or a text whose words are separated by commas or blanks. */
function valuesOf(path: string, { id }: Scenario, vars: Readonly<Record<string, Json>>): EachValue[] {
  const name = path.replace(/^vars\./, '');
  const value = Object.hasOwn(vars, name) ? vars[name] : undefined;
  if (value === undefined)
    throw new EachError(`${id}: "each" needs the variable "${name}"; give it with --var ${name}=VALUE,VALUE`);
  const values = Array.isArray(value)
    ? value
    : (typeof value === 'object' ? '' : String(value)).split(/[\s,]+/);
  const words = values.filter((one): one is EachValue => typeof one !== 'object' && one !== '');
  const odd = words.find((one) => /[\u0000-\u001f\u007f[\],]/.test(String(one)));
  if (odd !== undefined)
    throw new EachError(`${id}: a value of "${name}" contains a bracket, a comma or a control character`);
  if (words.length === 0) throw new EachError(`${id}: the variable "${name}" has no values`);
  return [...new Set(words)];
}
