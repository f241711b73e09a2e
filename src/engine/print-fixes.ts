import { realpathSync } from 'node:fs';
import { printStep } from '../fix/print.ts';
import { readSystem } from '../system/system.ts';
import type { FixStep, ReportCheck } from '../generated/report.ts';
import type { ClientView } from '../nix/client-view.ts';
import type { Subject } from './subject.ts';

/** The checks, with each step of their fixes in the form of the machine that it is for, and redacted. */
export function printFixes(
  checks: readonly ReportCheck[],
  { builder, facts }: Subject,
  client: ClientView,
  clean: <T>(value: T) => T,
): ReportCheck[] {
  const { sshBanner } = facts;
  const machines = {
    client: readSystem(client.os),
    builder: readSystem(facts['os']),
    banner: typeof sshBanner === 'string' ? sshBanner : '',
    entry: builder === undefined ? null : { builder, owned: isOwned(builder.source.file) },
  };
  const printed = (fix: readonly FixStep[]): FixStep[] => clean(fix.map((step) => printStep(step, machines)));
  return checks.map(({ fix, advice, ...check }) => ({
    ...check,
    ...(fix === undefined ? {} : { fix: printed(fix) }),
    ...(advice === undefined ? {} : { advice: { ...advice, fix: printed(advice.fix) } }),
  }));
}

/** Links of NixOS and nix-darwin lead into the store. */
function isOwned(file: string | undefined): boolean {
  if (file === undefined) return true;
  try {
    return realpathSync(file).startsWith('/nix/store/');
  } catch {
    return false;
  }
}
