import type { FixStep } from '../generated/types.ts';
import { shown } from './some-names.ts';
import type { Trouble } from './trouble.ts';

/** One step of the fix, in every form that it has: once for all where it is the same, else for each. */
export interface TroubleStep {
  /** From 1; null where the fix has one step only. */
  number: number | null;
  variants: { where: string; step: FixStep }[];
  /** Names of those whose form is left out. */
  left: string[];
}

/** The steps of all that have the trouble. Steps that differ only by the host, or by the lines to add, are one step. */
export function stepsOf({ whose }: Trouble): TroubleStep[] {
  const count = whose[0]?.cause.fix.length ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const variants = new Map<string, { names: string[]; steps: FixStep[] }>();
    for (const { name, cause } of whose) {
      const step = cause.fix[index];
      if (step === undefined) continue;
      const key = keyOf(step);
      const same = variants.get(key);
      if (same === undefined) variants.set(key, { steps: [step], names: [name] });
      else {
        same.steps.push(step);
        same.names.push(name);
      }
    }
    const all = [...variants.values()];
    return {
      number: count === 1 ? null : index + 1,
      variants: all.slice(0, shown).map(({ names, steps }) => ({
        step: joined(steps),
        where: whereOf(steps[0]?.on, names, all.length > 1),
      })),
      left: all.slice(shown).flatMap(({ names }) => names),
    };
  });
}

function whereOf(on: FixStep['on'] | undefined, names: readonly string[], differs: boolean): string {
  if (on !== 'client') return `on ${names.join(', ')}`;
  return differs ? `on this machine, for ${names.join(', ')}` : 'on this machine';
}

/** The line of ssh_config that names the hosts of a block. */
const hostLine = /^( *Host )(.*)$/m;

/** Steps of one key become one step. */
function keyOf(step: FixStep): string {
  const { on, safe, run, edit, module, others } = step;
  if (isSshOption(step)) return JSON.stringify([on, forms(step, (text) => text.replace(hostLine, '$1'))]);
  if (addsLines(step)) return JSON.stringify([on, safe, 'add to', edit?.file]);
  return JSON.stringify([on, safe, run, edit, module, others]);
}

function joined(steps: readonly FixStep[]): FixStep {
  const [first] = steps;
  if (first === undefined) throw new Error('no step to join');
  if (isSshOption(first)) {
    const hosts = new Set<string>();
    for (const step of steps)
      forms(step, (text) => {
        const host = hostLine.exec(text)?.[2];
        if (host !== undefined) hosts.add(host);
        return text;
      });
    const all = [...hosts].join(' ');
    return forms(first, (text) => text.replace(hostLine, (_, head: string) => `${head}${all}`));
  }
  if (!addsLines(first) || first.edit === undefined) return first;
  const lines = new Set(steps.flatMap(({ edit }) => edit?.add ?? []));
  return { ...first, edit: { ...first.edit, add: [...lines].join('\n') } };
}

function isSshOption({ change }: FixStep): boolean {
  return change?.ssh !== undefined;
}

function addsLines({ edit, others }: FixStep): boolean {
  return edit?.add !== undefined && others === undefined;
}

/** The step with another text in each of its forms. */
function forms(step: FixStep, replace: (text: string) => string): FixStep {
  const form = <T extends Pick<FixStep, 'edit' | 'module'>>(own: T): T => {
    const { edit, module } = own;
    return {
      ...own,
      ...(module === undefined ? {} : { module: replace(module) }),
      ...(edit?.add === undefined ? {} : { edit: { ...edit, add: replace(edit.add) } }),
      ...(edit?.first === undefined ? {} : { edit: { ...edit, first: replace(edit.first) } }),
    };
  };
  const { change: _change, ...rest } = step;
  return {
    ...form(rest),
    ...(step.others === undefined ? {} : { others: step.others.map(form) }),
  };
}
