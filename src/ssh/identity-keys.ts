import { existsSync, readFileSync, statSync } from 'node:fs';
import type { ParsedKey } from 'ssh2';
import type { SshConfig } from './effective-config.ts';

/**
 * The private keys that ssh would offer, in its order: of the files that it names those that exist, can be read and
 * are not open to others. A string instead says why ssh2 cannot offer what ssh would.
 */
export async function readIdentityKeys(config: SshConfig): Promise<ParsedKey[] | string> {
  const { utils } = (await import('ssh2')).default;
  const keys: ParsedKey[] = [];
  for (const file of config.identityFiles) {
    if (isTooOpen(file)) continue;
    let text: Buffer;
    try {
      text = readFileSync(file);
    } catch {
      continue;
    }
    if (existsSync(`${file}-cert.pub`)) return `the certificate ${file}-cert.pub`;
    const parsed = utils.parseKey(text);
    if (parsed instanceof Error) return `the key ${file} (${parsed.message})`;
    if (!parsed.isPrivateKey()) return `the key ${file} (only its public half is there)`;
    keys.push(parsed);
  }
  return keys.length === 0 ? 'no key file' : keys;
}

/** ssh leaves out a key of its own user that others can read (OpenSSH, authfile.c: sshkey_perm_ok). */
function isTooOpen(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.uid === process.getuid?.() && (stat.mode & 0o077) !== 0;
}
