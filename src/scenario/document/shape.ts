import type { ScenarioDocument } from '../../generated/types.ts';
import type { PathProblem } from '../schema-problems.ts';
import type { Path } from './path.ts';

/** What a scenario has and lacks, and what of it goes together. */
export function checkShape(data: ScenarioDocument, several: boolean): PathProblem[] {
  const problems: PathProblem[] = [];
  const add = (path: Path, code: string, what: string, fix: string, key = false): void =>
    void problems.push({ path, code, what, fix, key });
  if (data.command === undefined && data.probe === undefined) {
    add([], 'missing-key', 'the scenario has neither "command" nor "probe"', 'add command: and what to run');
  }
  if (data.command !== undefined && data.probe !== undefined) {
    add(
      ['probe'],
      'both-command-and-probe',
      'a scenario has either "command" or "probe", not both',
      'remove one of them',
      true,
    );
  }
  const asksBuilder = data.command !== undefined && (data.target ?? 'builder') === 'builder';
  const leavesTraces =
    (data.effect ?? 'none') !== 'none' || data.cleanup !== undefined || data.setup !== undefined;
  if (data.quick === true && (!asksBuilder || leavesTraces || data.stdin !== undefined))
    add(
      ['quick'],
      'quick-not-harmless',
      'only a command on the builder that changes nothing there and reads nothing can be "quick"',
      'remove it',
      true,
    );
  if (data.each !== undefined && data.capture !== undefined)
    add(
      ['capture'],
      'each-captures',
      'a scenario with "each" runs several times, so what it captures would have several values',
      'remove it, or capture in a scenario without "each"',
      true,
    );
  if (data.with !== undefined && data.probe === undefined)
    add(['with'], 'with-without-probe', '"with" is for a probe', 'remove it', true);
  for (const key of ['stdin', 'env', 'cwd', 'user'] as const)
    if (data[key] !== undefined && data.command === undefined)
      add([key], 'only-for-commands', `"${key}" is for a command`, 'remove it', true);
  if (several && data.id === undefined)
    add([], 'missing-id', 'in a file of several scenarios each needs an "id"', 'add id:');
  if (data.per === 'client' && (data.target ?? 'builder') === 'builder') {
    add(
      ['per'],
      'no-builder',
      'a scenario that runs once per client cannot run on a builder',
      'add target: client',
    );
  }
  return problems;
}
