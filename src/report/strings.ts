/** Every text in the data, names of properties included, mapped. What has none that changes is given back as it is. */
export function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (staysSame(value, map)) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapStrings(item, map)]));
  }
  return value;
}

function staysSame(value: unknown, map: (text: string) => string): boolean {
  if (typeof value === 'string') return map(value) === value;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => staysSame(item, map));
  for (const key of Object.keys(value))
    if (map(key) !== key || !staysSame((value as Record<string, unknown>)[key], map)) return false;
  return true;
}

/** Longer ones are hardly ever the same. */
const longestKept = 1000;

/** A report of many builders says the same words again and again: each is mapped once. */
export function remembered(map: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    if (text.length > longestKept) return map(text);
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = map(text);
    known.set(text, result);
    return result;
  };
}
