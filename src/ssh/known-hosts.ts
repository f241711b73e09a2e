import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { globRegex } from '../support/glob.ts';
import { inside } from '../support/resolve-inside.ts';

/** A line of a known_hosts file that speaks of the host. */
export interface KnownHost {
  file: string;
  line: number;
  marker: 'none' | 'revoked' | 'cert-authority';
  type: string;
  /** Base64, as in the file. */
  key: string;
  /** Found under the bare name although the port is not 22: good enough to match, but no proof of a change. */
  bareName: boolean;
}

/** `vouched`: only a certificate authority is noted for the host, and only a login can tell what it vouches for. */
export type HostKeyStatus = 'match' | 'vouched' | 'unknown' | 'changed' | 'revoked';

/**
 * The lines that ssh would consult for this name, in the order of the files; files that do not exist count as empty.
 * `root`: a folder in which they lie.
 * For a port other than 22 ssh looks for `[name]:port`, and where no key is noted under that, for the bare name
 * (OpenSSH, sshconnect.c: check_host_key).
 */
export function lookupKnownHosts(
  files: readonly string[],
  name: string,
  port: number,
  root = '',
): KnownHost[] {
  const lines = files.flatMap((file) => readKnownHosts(file, root));
  const find = (wanted: string, bareName: boolean): KnownHost[] =>
    lines
      .filter(({ hosts, type, key }) => matchesHosts(hosts, wanted.toLowerCase()) && isKey(type, key))
      .map(({ hosts: _hosts, ...entry }) => ({ ...entry, bareName }));
  if (port === 22) return find(name, false);
  const exact = find(`[${name}]:${port}`, false);
  return exact.some(({ marker }) => marker === 'none') ? exact : [...exact, ...find(name, true)];
}

/**
 * Judges an offered key as ssh does (OpenSSH, hostfile.c: check_hostkeys_by_key_or_type): one that differs from all
 * that are noted is a change, be it of another type. What must be sure asks {@link isKnownKey}.
 */
export function compareHostKey(entries: readonly KnownHost[], offered: { key: string }): HostKeyStatus {
  if (isRevoked(entries, offered)) return 'revoked';
  if (isKnownKey(entries, offered)) return 'match';
  if (entries.some(({ marker }) => marker === 'cert-authority')) return 'vouched';
  return entries.some(({ marker, bareName }) => marker === 'none' && !bareName) ? 'changed' : 'unknown';
}

/** Whether this very key is noted for the host, and not revoked. */
export function isKnownKey(entries: readonly KnownHost[], offered: { key: string }): boolean {
  return (
    !isRevoked(entries, offered) &&
    entries.some(({ marker, key }) => marker === 'none' && key === offered.key)
  );
}

function isRevoked(entries: readonly KnownHost[], offered: { key: string }): boolean {
  return entries.some(({ marker, key }) => marker === 'revoked' && key === offered.key);
}

function readKnownHosts(file: string, root: string): (Omit<KnownHost, 'bareName'> & { hosts: string })[] {
  let text: string;
  try {
    text = readFileSync(inside(root, file), 'utf8');
  } catch {
    // ssh, too, goes on without a file that it cannot read.
    return [];
  }
  return text.split('\n').flatMap((content, index) => {
    const words = content.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return [];
    const marker =
      words[0] === '@revoked' ? 'revoked' : words[0] === '@cert-authority' ? 'cert-authority' : 'none';
    const [hosts, type, key] = marker === 'none' ? words : words.slice(1);
    if (hosts === undefined || type === undefined || key === undefined) return [];
    return [{ file, line: index + 1, marker, type, key, hosts }];
  });
}

/** ssh passes over a line whose key is not of the type that it names. A key blob begins with its type (RFC 4253 §6.6). */
function isKey(type: string, key: string): boolean {
  const blob = Buffer.from(key, 'base64');
  return blob.length > 4 && blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1') === type;
}

/** The first column: a list of patterns with `*`, `?` and `!`, or one hashed name (sshd(8), SSH_KNOWN_HOSTS). */
function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = hosts.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  let found = false;
  for (const pattern of hosts.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!');
    if (!matchesGlob(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function matchesGlob(pattern: string, name: string): boolean {
  // Most are plain names, and a file may have thousands.
  if (!/[*?]/.test(pattern)) return pattern === name;
  return globRegex(pattern).test(name);
}
