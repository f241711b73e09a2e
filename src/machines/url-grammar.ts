import { isIPv6 } from 'node:net';
import { percentRecode } from './percent.ts';

/** The parts of a URL, rendered as Nix renders them. */
export interface Url {
  scheme: string;
  authority: string;
  path: string;
  query: string;
}

// The regular expressions of Nix's url-parts.hh, used up to 2.30.
const pct = '(?:%[0-9a-fA-F][0-9a-fA-F])';
const unreserved = '[a-zA-Z0-9\\-._~]';
const subDelims = `[!$&'"()*+,;=]`;
const ipv6Segment = '[0-9a-fA-F:]+(?:%\\w+)?';
const ipv6 = `(?:\\[${ipv6Segment}\\]|${ipv6Segment})`;
const hostname = `(?:(?:${unreserved}|${pct}|${subDelims})*)`;
const user = `(?:(?:${unreserved}|${pct}|${subDelims}|:)*)`;
const authority = `(?:${user}@)?(?:${ipv6}|${hostname})(?::[0-9]+)?`;
const pchar = `(?:${unreserved}|${pct}|${subDelims}|[:@])`;
const query = `(?:${pchar}|[/? "])*`;
const fragment = `(?:${pchar}|[/? "^])*`;
const segment = `(?:${pchar}*)`;
const regexUrl = new RegExp(
  `^([a-z][a-z0-9+.\\-]*):(?:(?://(${authority})((?:/${segment})*/?))|(/?(?:${segment}(?:/${segment})*/?)))(?:\\?(${query}))?(?:#${fragment})?$`,
);

/** As Nix 2.23 to 2.30 reads a URL; null where it is none. */
export function matchRegexUrl(text: string): Url | null {
  const match = regexUrl.exec(text);
  if (match === null) return null;
  const [, scheme = '', own = '', path, opaque = '', params = ''] = match;
  if (isFile(scheme) && own !== '') return null;
  return { scheme, authority: own, path: path ?? opaque, query: params };
}

/** A file has no host: Nix refuses `file://host/path`. */
function isFile(scheme: string): boolean {
  return /(?:^|\+)file$/.test(scheme);
}

const boostPart = `(?:${unreserved}|${pct}|[!$&'()*+,;=:])`;
const boostHost = `(?:\\[[^\\]]*\\]|(?:${unreserved}|${pct}|[!$&'()*+,;=])*)`;
const boostPath = `(?:${boostPart}|[@/])*`;
const boostUrl = new RegExp(
  `^([A-Za-z][A-Za-z0-9+.-]*):(?://(?:(${boostPart}*)@)?(${boostHost})(?::([0-9]*))?((?:/${boostPath})?)|(?!//)(${boostPath}))(?:\\?([^#]*))?$`,
);

/** As Nix 2.31 and later (Boost.URL, lenient) reads URLs of the shapes that builders have; null where it is none. */
export function matchBoostUrl(text: string): Url | null {
  const match = boostUrl.exec(text);
  if (match === null) return null;
  const [, scheme = '', userInfo, rawHost = '', port = '', rooted, opaque = '', params = ''] = match;
  const path = (rooted ?? opaque) || (isFile(scheme) ? '/' : '');
  if (port !== '' && (Number(port) === 0 || Number(port) > 65535)) return null;
  if (isFile(scheme) && `${rawHost}${port}` !== '') return null;
  const colon = userInfo?.indexOf(':') ?? -1;
  const [name = '', secret] =
    colon < 0 ? [userInfo] : [userInfo?.slice(0, colon), userInfo?.slice(colon + 1)];
  const login = `${percentRecode(name)}${secret === undefined ? '' : `:${percentRecode(secret)}`}`;
  const host = rawHost.startsWith('[') ? bracketed(rawHost.slice(1, -1)) : percentRecode(rawHost);
  if (host === null) return null;
  return {
    scheme,
    authority: `${userInfo === undefined ? '' : `${login}@`}${host}${port === '' ? '' : `:${Number(port)}`}`,
    path: path
      .split('/')
      .map((part) => percentRecode(part, ':@'))
      .join('/'),
    query: params,
  };
}

/**
 * What stands in brackets, as Nix renders it; null where it is no address. Boost.URL gives the zone id the length
 * that it had before it was decoded, so that each `%25` and the like leaves two NULs at its end.
 */
function bracketed(text: string): string | null {
  const [, address = '', zone] = /^([^%]*)(?:%25(.+))?$/.exec(text) ?? [];
  if (/^v[0-9a-fA-F]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/i.test(text)) return `[${text}]`;
  if (!isIPv6(address) || (zone !== undefined && !zoneId.test(zone))) return null;
  if (zone === undefined) return `[${address}]`;
  const nulls = '%00%00'.repeat(zone.split('%').length);
  return `[${address}%25${percentRecode(zone)}${nulls}]`;
}

const zoneId = new RegExp(`^(?:${unreserved}|${pct})+$`);

/** User, host and port of an authority. A bare IPv6 address has no port. */
export function splitAuthority(text: string): { user: string; host: string; port: string | null } {
  const at = text.lastIndexOf('@');
  const rest = text.slice(at + 1);
  const bareIpv6 = !rest.startsWith('[') && rest.split(':').length > 2;
  const match = bareIpv6 ? null : /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(rest);
  return { user: at < 0 ? '' : text.slice(0, at), host: match?.[1] ?? rest, port: match?.[2] ?? null };
}
