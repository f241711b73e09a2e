import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A line of a known_hosts file that speaks of the host. */
export interface KnownHost {
  file: string;
  line: number;
  marker: 'none' | 'revoked' | 'cert-authority';
  type: string;
  /** Base64, as in the file. */
  key: string;
}

export type HostKeyStatus = 'match' | 'unknown' | 'changed' | 'revoked';

/**
 * The lines that ssh would consult for this name, in the order of the files; files that do not exist count as empty.
 * For a port other than 22 ssh looks for `[name]:port` first, and for the bare name only where that is missing
 * (OpenSSH, sshconnect.c: check_host_key).
 */
export function lookupKnownHosts(files: readonly string[], name: string, port: number): KnownHost[] {
  const lines = files.flatMap(readKnownHosts);
  const find = (wanted: string): KnownHost[] =>
    lines.filter(({ hosts }) => matchesHosts(hosts, wanted.toLowerCase())).map(({ hosts: _hosts, ...entry }) => entry);
  if (port === 22) return find(name);
  const exact = find(`[${name}]:${port}`);
  return exact.length > 0 ? exact : find(name);
}

/** Judges an offered key as ssh does: a key of another type than those known is no change, it is unknown. */
export function compareHostKey(entries: readonly KnownHost[], offered: { type: string; key: string }): HostKeyStatus {
  if (entries.some(({ marker, key }) => marker === 'revoked' && key === offered.key)) return 'revoked';
  const plain = entries.filter(({ marker }) => marker === 'none');
  if (plain.some(({ key }) => key === offered.key)) return 'match';
  // A certificate authority may vouch for the host; only a real login can tell.
  if (entries.some(({ marker }) => marker === 'cert-authority')) return 'match';
  return plain.length === 0 ? 'unknown' : 'changed';
}

function readKnownHosts(file: string): (KnownHost & { hosts: string })[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // ssh, too, goes on without a file that it cannot read.
    return [];
  }
  return text.split('\n').flatMap((content, index) => {
    const words = content.trim().split(/\s+/);
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return [];
    const marker = words[0] === '@revoked' ? 'revoked' : words[0] === '@cert-authority' ? 'cert-authority' : 'none';
    const [hosts, type, key] = marker === 'none' ? words : words.slice(1);
    if (hosts === undefined || type === undefined || key === undefined) return [];
    return [{ file, line: index + 1, marker, type, key, hosts }];
  });
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
    if (!globRegExp(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

function globRegExp(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
