/** A list whose items are made when they are asked for, and not kept. */
export function lazily<T, R>(items: readonly T[], make: (item: T, index: number) => R): Iterable<R> {
  return {
    *[Symbol.iterator]() {
      for (const [index, item] of items.entries()) yield make(item, index);
    },
  };
}
