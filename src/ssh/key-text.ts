/** What the text of a private key's file says, before ssh reads it. `key`: ssh must tell. */
export type KeyText = 'putty' | 'public' | 'not-a-key' | 'cut-off' | 'key';

const publicLine = /^\s*(ssh-|ecdsa-|sk-(ssh|ecdsa)-)\S+ AAAA/;
const begins = /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/m;

/** Tells what kind of key a text is (ssh-keygen(1); RFC 4716 §3; RFC 7468 §10; PuTTY's manual, appendix C). */
export function kindOfText(text: string): KeyText {
  if (/^PuTTY-User-Key-File-/.test(text)) return 'putty';
  if (publicLine.test(text) || text.startsWith('---- BEGIN SSH2 PUBLIC KEY')) return 'public';
  if (!begins.test(text)) return 'not-a-key';
  return /^-----END /m.test(text) ? 'key' : 'cut-off';
}

/** Why ssh cannot read a text that looks like a whole key. */
export function flawOf(text: string): 'line-ends' | 'unsupported' | 'damaged' {
  if (text.includes('\r') || !text.endsWith('\n')) return 'line-ends';
  // Other programs write these too, in ways and for algorithms that ssh does not know.
  return isInOpensshFormat(text) ? 'damaged' : 'unsupported';
}

/** The format that holds the public half too: a file beside it counts for other formats only. */
export function isInOpensshFormat(text: string): boolean {
  return text.includes('-----BEGIN OPENSSH PRIVATE KEY-----');
}
