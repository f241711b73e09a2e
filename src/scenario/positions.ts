import { type Document, isMap, isNode, isPair, isSeq, type LineCounter, type Node, type Pair } from 'yaml';
import type { Place } from './scenario.ts';

type Path = readonly (string | number)[];

/** Where a value (or, with `key`, its key) stands in a YAML document: the nearest that exists. */
export function placeOf(
  document: Document,
  counter: LineCounter,
  source: string,
  path: Path,
  options: { key?: boolean; text?: string } = {},
): Place {
  let node: unknown = document.contents;
  let pair: Pair | null = null;
  for (const part of path) {
    const resolved: unknown =
      isNode(node) && 'source' in node && node.constructor.name === 'Alias' ? document.get(part) : node;
    if (isMap(resolved)) {
      const found = resolved.items.find(
        (item) =>
          String(isNode(item.key) && 'value' in item.key ? item.key.value : item.key) === String(part),
      );
      if (found === undefined) break;
      pair = found;
      node = found.value ?? found.key;
    } else if (isSeq(resolved)) {
      const item = resolved.items[Number(part)];
      if (item === undefined) break;
      node = isPair(item) ? item.value : item;
      pair = null;
    } else break;
  }
  const target = options.key === true && pair !== null ? pair.key : node;
  const [start, end] = (target as Node | null)?.range ?? [
    document.range?.[0] ?? 0,
    (document.range?.[0] ?? 0) + 1,
  ];
  const at = options.text === undefined ? -1 : source.indexOf(options.text, start);
  const [from, to] =
    at >= 0 && at < end && options.text !== undefined ? [at, at + options.text.length] : [start, end];
  return placeAt(counter, source, from, to);
}

/** A place from offsets; it ends with its first line. */
export function placeAt(counter: LineCounter, source: string, from: number, to: number): Place {
  const { line, col } = counter.linePos(from);
  const lineEnd = source.indexOf('\n', from);
  const end = Math.max(from + 1, Math.min(to, lineEnd < 0 ? source.length : lineEnd));
  return { line, column: col, endColumn: col + (end - from) };
}
