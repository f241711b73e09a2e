import {
  type Filter,
  filtersOf,
  refuseUnmatched,
  type Selection,
  selectBuilders,
  shardOf,
} from '../engine/plan.ts';
import type { Shard } from '../generated/types.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import { someNames } from '../report/some-names.ts';
import { usage } from './usage.ts';
import { UserError } from '../support/user-error.ts';

interface ToChooseFrom {
  /** The machines text. */
  text: string;
  builders: readonly Builder[];
  diagnostics: readonly Diagnostic[];
}

interface Choice {
  builders: Builder[];
  filters: Filter[];
  /** What the reader must know of the filters. */
  notes: string[];
}

/** Why Nix refuses the machines text; none where it does not. */
export function errorsIn(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

/**
 * The builders to look at; none is never a run that went well. `repeats`: the program looks again and again, so an
 * include without a builder is a note, and the others are looked at. Throws {@link UserError}.
 */
export function chooseBuilders(
  { text, builders, diagnostics }: ToChooseFrom,
  options: Pick<Selection, 'include' | 'exclude'>,
  { shard, repeats }: { shard: Shard | undefined; repeats: boolean },
): Choice {
  const isRefused = errorsIn(diagnostics).length > 0;
  const filters = filtersOf(builders, options);
  // What was named may stand in the entry that Nix refuses.
  const isLost = isRefused && filters.some(({ option, manner }) => option === 'include' && manner === 'none');
  if (!isLost && !repeats && builders.length > 0) usage(() => refuseUnmatched(filters, builders));
  const selected = isLost ? [] : selectBuilders(builders, filters);
  const chosen = shard === undefined ? selected : shardOf(selected, shard);
  if (shard !== undefined && chosen.length === 0 && selected.length > 0)
    throw new UserError(`shard ${shard.index}/${shard.of} has no builder: fewer shards, please`);
  const notes = notesOn(filters, builders);
  if (chosen.length === 0 && !isRefused && !(repeats && builders.length > 0))
    throw new UserError(nothingToCheck(text, options, builders, diagnostics));
  return { builders: chosen, filters, notes };
}

/** A filter that finds nothing must not blind a monitor when the fleet changes, nor leave out more than was meant. */
function notesOn(filters: readonly Filter[], all: readonly Builder[]): string[] {
  return filters.flatMap(({ option, pattern, manner, builders }) => {
    const names = someNames(builders.map(({ host, uri }) => host || uri));
    if (option === 'include')
      return manner === 'none' && all.length > 0
        ? [`--include ${pattern}: no builder is called that, so nothing is checked for it.`]
        : [];
    if (manner === 'none')
      return [`--exclude ${pattern}: no builder is called that, so nothing is left out for it.`];
    return manner === 'part' ? [`--exclude ${pattern}: a part of a name; it leaves out ${names}.`] : [];
  });
}

/** An empty list of builders is never "healthy": says where Nix looked and what it found there. */
function nothingToCheck(
  text: string,
  { include, exclude }: Pick<Selection, 'include' | 'exclude'>,
  builders: readonly Builder[],
  diagnostics: readonly Diagnostic[],
): string {
  if (builders.length > 0 && include.length + exclude.length > 0)
    return 'nothing to check: --include and --exclude leave no builder';
  const where =
    text.trim() === ''
      ? "Nix's `builders` setting is empty, so Nix never looks at /etc/nix/machines; set `builders = @/etc/nix/machines` in nix.conf (NixOS: nix.distributedBuilds = true) and restart nix-daemon, or name a file with -m"
      : `no builder in ${text.trim()}`;
  return ['nothing to check', where, ...diagnostics.map(({ message }) => message)].join(': ');
}
