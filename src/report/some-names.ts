/** Of so many that differ, the rest is left to `-i NAME`. */
export const shown = 3;

/** For the end of a list that is cut: ` and 2 more`; empty where nothing is left. */
export function andMore(left: number): string {
  return left > 0 ? ` and ${left} more` : '';
}

/** The first names of a list, and how many more there are: `alpha, beta, gamma and 2 more`. */
export function someNames(names: readonly string[]): string {
  return names.slice(0, shown).join(', ') + andMore(names.length - shown);
}
