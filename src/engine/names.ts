import type { Builder } from '../machines/builder.ts';
import { globRegex } from '../support/glob.ts';

/** What a builder goes by: host, URI, or user and host. */
type Named = Pick<Builder, 'host' | 'uri' | 'user'>;

/** By host, URI, or user and host. */
export function isNamed({ host, uri, user }: Named, name: string): boolean {
  return name !== '' && (name === host || name === uri || name === `${user}@${host}`);
}

/** By one of its names, or a pattern with `*` and `?` for the whole of one. */
export function isNamedLike(builder: Named, pattern: string): boolean {
  if (isNamed(builder, pattern)) return true;
  if (!/[*?]/.test(pattern)) return false;
  const { host, uri, user } = builder;
  const regex = globRegex(pattern);
  return [host, uri, `${user}@${host}`].some((name) => name !== '' && regex.test(name));
}

/** How a pattern found its builders. */
type Manner = 'name' | 'glob' | 'part' | 'none';

export interface Found<B> {
  pattern: string;
  manner: Manner;
  builders: B[];
}

/**
 * The builders that a pattern means: the one of that name where there is one; else by `*` and `?`; else those that have
 * it in the name of the host. A URI or a user may stand in it too. A name goes first, so that `mac` does not mean
 * `mac-2` as long as there is a `mac`.
 */
export function buildersLike<B extends Named>(builders: readonly B[], pattern: string): Found<B> {
  const ways: readonly (readonly [Manner, (builder: B) => boolean])[] = [
    ['name', (builder) => isNamed(builder, pattern)],
    ['glob', (builder) => isNamedLike(builder, pattern)],
    ['part', (builder) => hasInName(builder, pattern)],
  ];
  for (const [manner, means] of ways) {
    const found = builders.filter(means);
    if (found.length > 0) return { pattern, manner, builders: found };
  }
  return { pattern, manner: 'none', builders: [] };
}

function hasInName({ host, uri, user }: Named, part: string): boolean {
  if (part === '') return false;
  const name = host === '' || part.includes('/') ? uri : part.includes('@') ? `${user}@${host}` : host;
  return name.includes(part);
}

/** The host where it is enough to tell builders apart, else the URI, else the URI with its line. */
export function uniqueNames(builders: readonly Builder[]): string[] {
  const hosts = counted(builders.map(({ host }) => host));
  const uris = counted(builders.map(({ uri }) => uri));
  return builders.map(({ host, uri }, index) => {
    if (host !== '' && hosts.get(host) === 1) return host;
    if (uri !== '' && uris.get(uri) === 1) return uri;
    return `${uri} #${index + 1}`;
  });
}

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
