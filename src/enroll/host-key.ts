import { confirm } from '../cli/confirm.ts';
import { print } from '../cli/print.ts';
import { oneLine } from '../report/escape/visible.ts';
import { UserError } from '../support/user-error.ts';

/** What the probe `host-key` saw. */
export interface HostKey {
  offered: { type: string; fingerprint: string; column: string };
  known: { status: string };
}

/**
 * A host key is believed when root's ssh knows it, or when a person has compared it: on the terminal, or before, for
 * `--fingerprint`. Says how it came to be believed; null when it is not.
 */
export async function compareFingerprint(
  host: string,
  { offered, known }: HostKey,
  given: string | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  if (given !== undefined) {
    if (given === offered.fingerprint) return 'as given';
    throw new UserError(
      `${host} offers the host key ${offered.fingerprint}, not ${oneLine(given)}: do not go on`,
    );
  }
  if (known.status === 'match' || known.status === 'vouched') return "known to root's ssh";
  const kind = offered.type.startsWith('ecdsa') ? 'ecdsa' : oneLine(offered.type).replace(/^ssh-/, '');
  print(
    [
      `${host} offers this host key, which root's ssh does not know:`,
      `  ${oneLine(offered.type)} ${offered.fingerprint}`,
      `Compare it. On ${host}:`,
      `  $ ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`,
    ].join('\n'),
    process.stderr,
  );
  const again = `compare the fingerprint, then say --fingerprint ${offered.fingerprint}`;
  return (await confirm('Is it the same there?', again, signal)) ? 'compared by you' : null;
}
