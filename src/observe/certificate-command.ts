import type { Transport } from '../transport/transport.ts';

/** A user certificate of this machine, and the command that it is tied to. Empty: there is none. */
export interface CertificateCommand {
  certificate: string;
  certificateCommand: string;
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
  for (const words of accepted.filter((one) => one.includes('-CERT'))) {
    const path = words.slice(0, words.search(/ [A-Z0-9-]+-CERT\b/));
    const file = path.endsWith('-cert.pub') ? path : `${path.replace(/\.pub$/, '')}-cert.pub`;
    const { stdout } = await client
      .run(['ssh-keygen', '-L', '-f', file], { timeoutMs: withinMs, signal })
      .catch(() => ({ stdout: '' }));
    const [, command = ''] = /^\s+force-command (.*)$/m.exec(stdout) ?? [];
    if (command !== '') return { certificate: file, certificateCommand: command };
  }
  return { certificate: '', certificateCommand: '' };
}
