import { isIPv6 } from 'node:net';
import { decodeQuery, encodeQuery, percentDecode, percentEncode, UriError } from './percent.ts';
import { parseUint32 } from './numbers.ts';
import type { Features } from './release.ts';
import { matchBoostUrl, matchRegexUrl, splitAuthority } from './url-grammar.ts';

/** A store URI as Nix understands it. */
export interface StoreUri {
  /** Nix's own rendering. */
  uri: string;
  scheme: string;
  user: string;
  host: string;
  port: number | null;
  params: Record<string, string>;
}

/** Nix's defaulting: a bare host is ssh; what looks like a URL, a path or a special name stays as it is. */
export function withScheme(text: string): string {
  const special = ['auto', 'daemon', 'local'].includes(text) || /^(?:auto|daemon|local)?\?/.test(text);
  return text.includes('://') || text.includes('/') || special ? text : `ssh://${text}`;
}

/**
 * Reads a builder's URI as this version does. From 2.23 it is parsed with the entry and a bad one is refused
 * (throws {@link UriError}); before, the text stays as it is until Nix connects.
 */
export function readStoreUri(text: string, features: Features): StoreUri {
  const raw = withScheme(text);
  if (!features.storeReference) return readLoosely(raw, features);
  const { scheme, authority, params, bare } = parseReference(raw, features);
  const query = params.size === 0 ? '' : `?${encodeQuery(params, features.boostUrl)}`;
  return {
    uri: `${bare ? authority : `${scheme}://${authority}`}${query}`,
    ...target(scheme, authority, features),
    scheme,
    params: Object.fromEntries(params),
  };
}

/** Up to 2.22 and in Lix: the first `://` ends the scheme, the first `?` the authority; only Lix knows a port. */
function readLoosely(raw: string, { portParam }: Features): StoreUri {
  const [before = '', ...queries] = raw.split('?');
  const at = before.indexOf('://');
  const scheme = at < 0 ? (before.includes('/') ? 'local' : before) : before.slice(0, at);
  const params = new Map<string, string>();
  for (const [name, value] of safely(() => decodeQuery(queries.join('?'), false)) ?? [])
    params.set(name, value);
  const authority = at < 0 ? '' : before.slice(at + 3);
  const place = target(scheme, authority, null);
  const port = portParam ? (parseUint32(params.get('port') ?? '') ?? place.port) : place.port;
  return { uri: raw, scheme, ...place, port, params: Object.fromEntries(params) };
}

function safely<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof UriError) return null;
    throw error;
  }
}

/** What ssh is given: the host without brackets, the user, and the port where this version passes it. */
function target(
  scheme: string,
  authority: string,
  features: Features | null,
): Pick<StoreUri, 'user' | 'host' | 'port'> {
  if (scheme !== 'ssh' && scheme !== 'ssh-ng') return { user: '', host: '', port: null };
  const { user, host, port } = splitAuthority(authority);
  const known = features?.boostUrl === true;
  const name = known || port === null ? host : `${host}:${port}`;
  const plain = name.replace(/^\[(.*)\]$/, '$1');
  return {
    user,
    host: known ? (safely(() => percentDecode(plain)) ?? plain).replace(/\0+$/, '') : plain,
    port: known && port !== null ? Number(port) : null,
  };
}

interface Reference {
  scheme: string;
  authority: string;
  params: Map<string, string>;
  /** Rendered without `scheme://`. */
  bare: boolean;
}

function parseReference(raw: string, { boostUrl }: Features): Reference {
  const url = boostUrl ? matchBoostUrl(raw) : matchRegexUrl(raw);
  if (url !== null) {
    const path = boostUrl ? url.path : percentDecode(url.path);
    return {
      scheme: url.scheme,
      authority: url.authority + path,
      params: decodeQuery(url.query, boostUrl),
      bare: false,
    };
  }
  const at = raw.indexOf('?');
  const base = at < 0 ? raw : raw.slice(0, at);
  const params = at < 0 ? new Map<string, string>() : decodeQuery(raw.slice(at + 1), boostUrl);
  const plain = boostUrl && params.size === 0;
  if (base === '' || base === 'auto') return { scheme: 'auto', authority: 'auto', params, bare: true };
  if (base === 'daemon') return { scheme: 'unix', authority: plain ? 'daemon' : '', params, bare: plain };
  if (base === 'local') return { scheme: 'local', authority: plain ? 'local' : '', params, bare: plain };
  if (!base.includes('://') && base.includes('/')) {
    const absolute = canonicalPath(base);
    const path = boostUrl
      ? absolute
          .split('/')
          .map((part) => percentEncode(part, ':@'))
          .join('/')
      : absolute;
    return { scheme: 'local', authority: path, params, bare: false };
  }
  const shim = boostUrl ? matchBareIpv6(base) : null;
  if (shim !== null) return { ...shim, params, bare: false };
  throw new UriError(`Cannot parse Nix store '${raw}'`);
}

/** As Nix's `canonPath`, from `/`, where the hook runs: without `.`, `..`, doubled and trailing slashes. */
function canonicalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** From 2.31 an IPv6 address without brackets is let in by a special rule and gets its brackets. */
function matchBareIpv6(base: string): { scheme: string; authority: string } | null {
  const match = /^([^:]*):(?:\/\/)?(?:([^@]*)@)?(\[?)([0-9a-fA-F:.]+)(?:%([^\]]*))?(\]?)$/.exec(base);
  if (match === null) return null;
  const [, scheme = '', user, open = '', address = '', zone, close = ''] = match;
  if (!isIPv6(address) || (open === '') !== (close === '')) return null;
  const who = user === undefined ? '' : `${user}@`;
  return { scheme, authority: `${who}[${address}${zone === undefined ? '' : `%25${zone}`}]` };
}
