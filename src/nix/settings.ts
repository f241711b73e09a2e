import type { Json } from '../scenario/observation.ts';
import type { Transport } from '../transport/transport.ts';

/** What the client's Nix says of itself. */
export interface NixSettings {
  /** As printed after `nix (Nix) `, e.g. `2.8.0`; with Lix's marker kept; empty where no `nix` was found. */
  version: string;
  /** Every setting by its name; null where they could not be read. */
  settings: Record<string, Json> | null;
  /** Nix's words where there is a `nix` that ends with an error whatever it is asked; else empty. */
  failure: string;
  /** Why `settings` is null; empty where it is not. */
  settingsFailure: string;
  /** There may be a `nix`, but it did not answer within {@link answerMs}: nothing is known of it. */
  unanswered: boolean;
}

/** `nix --version` takes some 20 ms. A machine under heavy load may take many seconds. */
const answerMs = 40_000;

const newCli = ['--extra-experimental-features', 'nix-command'];

/**
 * Asks `nix` on the daemon's PATH, both questions at once. `nix show-config` is called `nix config show` since 2.20, and
 * answers to its old name still, with a warning; Lix knows that one alone.
 */
export async function readNixSettings(client: Transport, signal: AbortSignal): Promise<NixSettings> {
  let failure = '';
  let unanswered = false;
  /** Why the last question had no answer. */
  let reason = '';
  const ask = async (argv: string[]): Promise<string | null> => {
    try {
      const { exitCode, stdout, stderr, timedOut } = await client.run(argv, { timeoutMs: answerMs, signal });
      if (exitCode === 0) return stdout;
      if (timedOut) {
        unanswered = true;
        reason = `no answer within ${answerMs / 1000} s`;
        return null;
      }
      // A daemon that has just ended leaves no place to run it in.
      const words = stderr.trim();
      reason = words || `exit code ${exitCode}`;
      if (!words.startsWith('nsenter: '))
        failure = words || failure || `nix ended with exit code ${exitCode}`;
      return null;
    } catch (error) {
      reason = String(error);
      return null;
    }
  };
  const [version, shown] = await Promise.all([
    ask(['nix', '--version']),
    ask(['nix', ...newCli, 'show-config', '--json']),
  ]);
  if (version === null) return { version: '', settings: null, failure, settingsFailure: reason, unanswered };
  const text = shown ?? (await ask(['nix', ...newCli, 'config', 'show', '--json']));
  const settings = text === null ? null : settingsOf(text);
  const settingsFailure = settings === null ? reason || 'its answer is no JSON' : '';
  return { version: versionOf(version), settings, failure: '', settingsFailure, unanswered: false };
}

/** `nix (Nix) 2.8.0` becomes `2.8.0`; `nix (Lix, like Nix) 2.91.1` becomes `Lix 2.91.1`. */
export function versionOf(line: string): string {
  const match = /^nix \((?<flavour>[^)]*)\) (?<number>\S+)/.exec(line.trim());
  const number = match?.groups?.['number'] ?? line.trim().split(/\s+/).at(-1) ?? '';
  return match?.groups?.['flavour']?.startsWith('Lix') === true ? `Lix ${number}` : number;
}

export function settingsOf(json: string): Record<string, Json> | null {
  try {
    const parsed = JSON.parse(json) as Record<string, { value: Json }>;
    return Object.fromEntries(Object.entries(parsed).map(([name, setting]) => [name, setting.value]));
  } catch {
    return null;
  }
}

/** The elements of a setting that is a list. */
export function listSetting(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '');
}
