import { join } from 'node:path';
import { hookScript } from '../hook/script.ts';
import { packageRoot } from '../support/package-root.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';
import { UserError } from '../support/user-error.ts';

interface BuildHookOptions {
  hook?: string | undefined;
  state: string;
}

/** `build-hook`: prints the script for Nix's setting of that name. Throws {@link UserError} where the real hook is not known. */
export async function buildHook({ hook, state }: BuildHookOptions): Promise<number> {
  const words = hook === undefined ? await ownHook() : hook.split(/\s+/).filter((word) => word !== '');
  if (words[0]?.startsWith('/') !== true || !state.startsWith('/'))
    throw new UserError('--hook and --state need absolute paths');
  const script = join(packageRoot, 'dist', 'build-hook.cjs');
  process.stdout.write(hookScript({ hook: words, state, node: process.execPath, script }));
  return 0;
}

/** What Nix starts by itself. */
async function ownHook(): Promise<string[]> {
  const { client } = await inspectThisMachine(AbortSignal.timeout(30_000));
  const words = client.buildHook ?? [];
  const [program = ''] = words;
  if (/(^|\/)(nix|build-remote)$/.test(program)) return words;
  throw new UserError(
    words.length === 0
      ? 'Nix does not tell its build hook; name it with --hook'
      : `Nix's build-hook is set to ${words.join(' ')} already; take that out of nix.conf first, or name Nix's own with --hook`,
  );
}
