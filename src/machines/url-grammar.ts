import { percentDecode, percentEncode, UriError } from './percent.ts';

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
  return { scheme, authority: own, path: path ?? opaque, query: params };
}

const boostUrl =
  /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:((?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9a-fA-F]{2})*)@)?(\[[^\]]*\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9a-fA-F]{2})*)(?::([0-9]*))?((?:\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*)*)(?:\?([^#]*))?(?:#.*)?$/;

/** As Nix 2.31 and later (Boost.URL, lenient) reads URLs of the shapes that builders have; null where it is none. */
export function matchBoostUrl(text: string): Url | null {
  const match = boostUrl.exec(text);
  if (match === null) return null;
  const [, scheme = '', userInfo, rawHost = '', port = '', path = '', params = ''] = match;
  if (port !== '' && (Number(port) === 0 || Number(port) > 65535)) return null;
  if (rawHost.startsWith('[') && /%(?!25)/.test(rawHost)) return null;
  if (/%(?![0-9a-fA-F]{2})/.test(params)) throw new UriError(`invalid URI query '${params}': leftover`);
  const again = (part: string): string => percentEncode(percentDecode(part));
  const who = userInfo === undefined ? '' : `${userInfo.split(':').map(again).join(':')}@`;
  const host = rawHost.startsWith('[') ? rawHost : again(rawHost);
  return {
    scheme,
    authority: `${who}${host}${port === '' ? '' : `:${Number(port)}`}`,
    path: path
      .split('/')
      .map((part) => percentEncode(percentDecode(part), ':@'))
      .join('/'),
    query: params,
  };
}

/** User, host and port of an authority. A bare IPv6 address has no port. */
export function splitAuthority(text: string): { user: string; host: string; port: string | null } {
  const at = text.lastIndexOf('@');
  const rest = text.slice(at + 1);
  const bareIpv6 = !rest.startsWith('[') && rest.split(':').length > 2;
  const match = bareIpv6 ? null : /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(rest);
  return { user: at < 0 ? '' : text.slice(0, at), host: match?.[1] ?? rest, port: match?.[2] ?? null };
}
