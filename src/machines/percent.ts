import { tokenize } from './text.ts';

/** A URI that Nix refuses, with Nix's own words. */
export class UriError extends Error {
  override readonly name = 'UriError';
}

/** Bytes that are no UTF-8 are lost, which Nix does not mind and no builder has. */
export function percentDecode(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new UriError(`invalid URI parameter '${text}'`);
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/**
 * Unreserved characters and those of `keep` stay; the rest becomes upper-case hex. A NUL stays too where Nix does
 * its own encoding (up to 2.30): its `strchr` finds the end of the list.
 */
export function percentEncode(text: string, keep = ''): string {
  return [...Buffer.from(text, 'utf8')]
    .map((byte) => String.fromCharCode(byte))
    .map((char) =>
      /[A-Za-z0-9\-._~]/.test(char) || keep.includes(char)
        ? char
        : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

/** Decodes and encodes again: what needs no encoding loses it, and the rest gets upper-case hex. */
export function percentRecode(text: string, keep = ''): string {
  return text.replace(/%([0-9a-fA-F]{2})|[^%]+/g, (part: string, hex: string | undefined) => {
    if (hex === undefined) return percentEncode(part, keep);
    const code = Number.parseInt(hex, 16);
    return code < 0x80 ? percentEncode(String.fromCharCode(code), keep) : part.toUpperCase();
  });
}

/** What Boost.URL lets stand in a query. */
const strictQuery = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?"[\]]|%[0-9a-fA-F]{2})*$/;

/**
 * Parameters; what has no `=` is ignored, of duplicates the first wins. With Boost.URL (2.31) names are decoded
 * too, and odd characters refused.
 */
export function decodeQuery(query: string, boost: boolean): Map<string, string> {
  if (boost && !strictQuery.test(query)) throw new UriError(`invalid URI query '${query}': leftover`);
  const params = new Map<string, string>();
  for (const { text } of tokenize({ text: query, line: 1, column: 1 }, '&')) {
    const at = text.indexOf('=');
    if (at < 0) continue;
    const name = boost ? percentDecode(text.slice(0, at)) : text.slice(0, at);
    if (!params.has(name)) params.set(name, percentDecode(text.slice(at + 1)));
  }
  return params;
}

/** Sorted by name, as Nix renders them. */
export function encodeQuery(params: ReadonlyMap<string, string>, boost: boolean): string {
  const keep = boost ? ':@/?' : ':@/?\0';
  return [...params.keys()]
    .sort()
    .map((name) => `${percentEncode(name, keep)}=${percentEncode(params.get(name) ?? '', keep)}`)
    .join('&');
}
