import type { Json } from './observation.ts';

/** What a JSON pointer (RFC 6901) points to; undefined where there is nothing. */
export function pointTo(value: Json | undefined, pointer: string): Json | undefined {
  let found = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null) return undefined;
    found = Array.isArray(found) ? found[Number(key)] : Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

/**
 * What a JSON pointer points to, where `*` stands for every item of a list or every value of a mapping. One result
 * for each, with its own pointer; one without a value where there is nothing, so that no expectation is met by it.
 */
export function pointToEach(value: Json, pointer: string): { pointer: string; value: Json | undefined }[] {
  const [before = '', ...after] = pointer.split('/*');
  const next = after[0];
  // `/*x` is a key that begins with a star.
  if (next === undefined || !(next === '' || next.startsWith('/')))
    return [{ pointer, value: pointTo(value, pointer) }];
  const list = pointTo(value, before);
  const items = typeof list === 'object' && list !== null ? Object.entries(list) : [];
  if (items.length === 0) return [{ pointer, value: undefined }];
  const rest = after.join('/*');
  return items.flatMap(([key, item]) => {
    const own = `${before}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return pointToEach(item, rest).map((found) => ({ ...found, pointer: `${own}${found.pointer}` }));
  });
}
