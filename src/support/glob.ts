/**
 * The whole of a text, where `*` stands for any characters and `?` for one.
 * Not picomatch or minimatch: in OpenSSH's patterns and in host names `[`, `{` and `**` have no meaning.
 */
export function globRegex(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
