import type { ReportBuilder, ReportCheck, Unmeasured } from '../generated/types.ts';
import { someNames } from './some-names.ts';

/** Why checks could not be measured: most checks first. */
export function unmeasuredOf(
  clientChecks: readonly ReportCheck[],
  builders: readonly ReportBuilder[],
): Unmeasured[] {
  const found = new Map<string, Unmeasured>();
  for (const { name, checks } of [{ name: 'client', checks: clientChecks }, ...builders]) {
    const known = new Map([...clientChecks, ...checks].map((check) => [check.scenario, check]));
    for (const check of checks) {
      const reason = reasonOf(check, known)?.trim().replace(/\.$/, '');
      if (reason === undefined) continue;
      const own = found.get(reason) ?? { reason, checks: 0, names: [] };
      found.set(reason, own);
      own.checks += 1;
      if (own.names.at(-1) !== name) own.names.push(name);
    }
  }
  return [...found.values()].sort((a, b) => b.checks - a.checks);
}

/** A check that is blocked by a failure is not meant: that failure is told. */
function reasonOf(check: ReportCheck, known: ReadonlyMap<string, ReportCheck>): string | null {
  if (check.outcome === 'error') return check.message;
  if (check.outcome === 'skip') return check.unmeasured ?? null;
  const blocker = check.outcome === 'blocked' ? known.get(check.blockedBy ?? '') : undefined;
  return blocker?.outcome === 'error' ? blocker.message : null;
}

const shownReasons = 2;
const longestReason = 120;

/** In words for the verdict, e.g. `12 checks could not be measured: the builder runs no shell command (alpha)`; empty where all were. */
export function unmeasuredWords(all: readonly Unmeasured[] = []): string {
  const total = all.reduce((sum, { checks }) => sum + checks, 0);
  if (total === 0) return '';
  const reasons = all.slice(0, shownReasons).map(({ reason, checks, names }) => {
    const count = all.length === 1 ? '' : `${checks}: `;
    return `${count}${shortened(reason)} (${someNames(names)})`;
  });
  const more = all.length - shownReasons;
  if (more > 0) reasons.push(`${more} other ${more === 1 ? 'reason' : 'reasons'}`);
  return `${total} ${total === 1 ? 'check' : 'checks'} could not be measured: ${reasons.join('; ')}`;
}

function shortened(reason: string): string {
  const line = reason.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return line.length <= longestReason ? line : `${line.slice(0, longestReason).toWellFormed()}…`;
}
