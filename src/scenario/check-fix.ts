import { kinds } from '../fix/change.ts';
import type { ScenarioFix } from '../generated/types.ts';

interface FixProblem {
  /** Below the step. */
  path: string[];
  problem: { what: string; fix: string };
}

/** What a schema cannot see of one step of a fix; null where it is right. */
export function fixProblem(step: ScenarioFix): FixProblem | null {
  const { on, safe, object, run, module, edit, setting, permissions, user, machines } = step;
  const at = (path: string[], what: string, fix: string): FixProblem => ({ path, problem: { what, fix } });
  if (safe === true && on !== 'client')
    return at(
      ['safe'],
      'only a step on the client can be safe: "fix --apply" changes no other machine',
      'take "safe" out',
    );
  const given = (['run', 'edit', ...kinds] as const).filter((key) => step[key] !== undefined);
  if (given.length !== 1)
    return at(
      [],
      given.length === 0
        ? 'a step of a fix says nothing to do'
        : `a step of a fix has one of "${given.join('" and "')}", not both`,
      `give one of: run, edit, ${kinds.join(', ')}`,
    );
  if (module !== undefined && run === undefined && step.package === undefined)
    return at(['module'], '"module" stands beside "run" or "package" only', 'take it out');
  if (safe === true && run !== undefined && object === undefined)
    return at(['safe'], 'a safe "run" has an "object", which is checked before', 'add object: and the file');
  if (edit !== undefined) {
    const forms = [edit.add, edit.first, edit.replace].filter((text) => text !== undefined);
    if (forms.length !== 1 || (edit.replace === undefined) !== (edit.with === undefined))
      return at(
        ['edit'],
        'an edit has one of "add", "first", or "replace" and "with"',
        'say what to add, or what to replace with what',
      );
  }
  if (setting !== undefined && count(setting.add, setting.set, setting.unset) !== 1)
    return at(['setting'], 'a setting has one of "add", "set" and "unset"', 'say what becomes of the key');
  if (permissions !== undefined && count(permissions.mode, permissions.owner) === 0)
    return at(['permissions'], '"permissions" has "mode", "owner" or both', 'say what the file gets');
  if (user !== undefined && count(user.key, user.group, user.shell) !== 1)
    return at(['user'], 'a user has one of "key", "group" and "shell"', 'say what the account gets');
  if (machines !== undefined) {
    const { column, value, entry, remove } = machines;
    if (count(column, entry, remove) !== 1 || (column === undefined) !== (value === undefined))
      return at(
        ['machines'],
        'a change of machines has one of "column" and "value", "entry", "remove"',
        'say what becomes of the entry',
      );
  }
  return null;
}

function count(...values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined).length;
}
