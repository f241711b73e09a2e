import type { LoginEvidence } from '../ssh/debug-log.ts';
import { inspectBuilder } from './builder-state.ts';
import { loginShell } from './login-shell.ts';
import type { SshAccess } from './ssh-access.ts';

/** A page that a person is to open, as Tailscale's check mode and cloudflared print it; a banner may name pages too. */
const asksForPerson = /(visit|open|go to|authenticat|browser|following url)[^\n]*\n*[^\n]*https?:\/\//i;

/**
 * Whether something shows that a login, or Nix's program behind it, never goes on, so that it need not be waited for any
 * longer. Looks at the builder over a login beside it.
 */
export async function explainsHang(
  ssh: Pick<SshAccess, 'withSeparateConnection'>,
  evidence: LoginEvidence,
  signal: AbortSignal,
): Promise<boolean> {
  if (asksForPerson.test(evidence.words)) return true;
  if (evidence.phase !== 'session') return false;
  return ssh.withSeparateConnection(signal, async (transport) => {
    const view = { transport: () => Promise.resolve(transport) };
    const [state, shell] = await Promise.all([inspectBuilder(view, 0, signal), loginShell(view, signal)]);
    // A start-up file that is silent may only be slow.
    return (
      shell === 'reads' ||
      shell === 'eats' ||
      state.bigLock.pid > 0 ||
      state.database.pid > 0 ||
      state.stoppedDaemon > 0
    );
  });
}
