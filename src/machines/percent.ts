import { tokenize } from './text.ts';

/** A URI that Nix refuses, with Nix's own words. */
export class UriError extends Error {
  override readonly name = 'UriError';
}

export function percentDecode(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] !== '%') {
      out += text[index] ?? '';
      continue;
    }
    const hex = text.slice(index + 1, index + 3);
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new UriError(`invalid URI parameter '${text}'`);
    out += String.fromCharCode(Number.parseInt(hex, 16));
    index += 2;
  }
  return out;
}

/** Unreserved characters and those of `keep` stay; the rest becomes upper-case hex. */
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

/** Parameters; what has no `=` is ignored, of duplicates the first wins. */
export function decodeQuery(query: string): Map<string, string> {
  const params = new Map<string, string>();
  for (const { text } of tokenize({ text: query, line: 1, column: 1 }, '&')) {
    const at = text.indexOf('=');
    if (at < 0) continue;
    const name = text.slice(0, at);
    if (!params.has(name)) params.set(name, percentDecode(text.slice(at + 1)));
  }
  return params;
}

/** Sorted by name, as Nix renders them. */
export function encodeQuery(params: ReadonlyMap<string, string>): string {
  return [...params.keys()]
    .sort()
    .map((name) => `${percentEncode(name, ':@/?')}=${percentEncode(params.get(name) ?? '', ':@/?')}`)
    .join('&');
}
