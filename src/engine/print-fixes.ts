import { realpathSync } from 'node:fs';
import { printStep } from '../fix/print.ts';
import { readSystem } from '../fix/system.ts';
import type { ReportCheck } from '../generated/report.ts';
import type { ClientView } from '../observe/client-view.ts';
import type { Subject } from './subject.ts';

/** Checks with each step of their fixes as it is typed on the machine that it is for, without secrets of the entry. */
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
  return checks.map((check) =>
    check.fix === undefined
      ? check
      : { ...check, fix: clean(check.fix.map((step) => printStep(step, machines))) },
  );
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
