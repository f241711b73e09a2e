import type { Transport } from '../transport/transport.ts';

/** A user certificate of this machine, and the command that it is tied to. Empty: there is none. */
export interface CertificateCommand {
  certificate: string;
  certificateCommand: string;
}

/** A user certificate of this machine, and why a server refuses it; empty where nothing in it says why. */
export interface CertificateFlaw {
  certificate: string;
  certificateFlaw: string;
}

/** `ssh-keygen` reads a small file. */
const withinMs = 5_000;

/**
 * The option force-command of the certificate by which the login was accepted (ssh-keygen(1), CERTIFICATES). `accepted`:
 * ssh's words for the keys that the server took, each a path, its type and more. Never throws.
 */
export async function certificateCommand(
  accepted: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<CertificateCommand> {
  for (const { file, text } of await certificatesAmong(accepted, client, signal)) {
    const [, command = ''] = /^\s+force-command (.*)$/m.exec(text) ?? [];
    if (command !== '') return { certificate: file, certificateCommand: command };
  }
  return { certificate: '', certificateCommand: '' };
}

/** What in a certificate that was offered lets the login of this user fail. `offered`: as ssh says it. Never throws. */
export async function certificateFlaw(
  offered: readonly string[],
  user: string,
  client: Transport,
  signal: AbortSignal,
): Promise<CertificateFlaw> {
  const [first] = await certificatesAmong(offered, client, signal);
  return first === undefined
    ? { certificate: '', certificateFlaw: '' }
    : { certificate: first.file, certificateFlaw: flawIn(first.text, user, new Date()) };
}

/** Reads what `ssh-keygen -L` prints (OpenSSH 9.2 to 10.x); its times are those of this machine's zone. */
export function flawIn(text: string, user: string, now: Date): string {
  if (/^\s*Type: .* host certificate$/m.test(text)) return 'is one for hosts, and not for users';
  const [, from = ''] = /^\s*Valid: (?:from|after) (\S+)/m.exec(text) ?? [];
  const [, to = ''] = /^\s*Valid: .*?(?:\bto|before) (\S+)$/m.exec(text) ?? [];
  if (to !== '' && new Date(to) < now) return `expired at ${to}`;
  if (from !== '' && new Date(from) > now) return `is not valid before ${from}`;
  const [, list] = /^\s*Principals: *\n((?:\s+\S+\n)*?)\s*Critical Options:/m.exec(text) ?? [];
  const principals = (list ?? '').trim().split(/\s+/).filter(Boolean);
  if (/^\s*Principals: \(none\)$/m.test(text)) return 'names no principal';
  if (principals.length > 0 && !principals.includes(user))
    return `names the principals ${principals.slice(0, 5).join(', ')}, and not ${user}`;
  const [, addresses = ''] = /^\s+source-address (\S+)$/m.exec(text) ?? [];
  return addresses === '' ? '' : `may be used from ${addresses} only`;
}

interface Certificate {
  file: string;
  /** What ssh-keygen tells of it. */
  text: string;
}

async function certificatesAmong(
  keys: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<Certificate[]> {
  const found: Certificate[] = [];
  for (const words of keys.filter((one) => one.includes('-CERT'))) {
    const path = words.slice(0, words.search(/ [A-Z0-9-]+-CERT\b/));
    const file = path.endsWith('-cert.pub') ? path : `${path.replace(/\.pub$/, '')}-cert.pub`;
    const { stdout } = await client
      .run(['ssh-keygen', '-L', '-f', file], { timeoutMs: withinMs, signal })
      .catch(() => ({ stdout: '' }));
    if (stdout !== '') found.push({ file, text: stdout });
  }
  return found;
}
