import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type NixVersion, rootfs } from '../fleet/rootfs.ts';
import type { RealHook } from './real-hook.ts';

/** The real build hooks that tests compare with, or the reason why there are none. */
export const versions: readonly NixVersion[] = ['2.8', '2.26', '2.34'];

const ownHook = '/usr/libexec/nix/build-remote';

/** Why no real hook can be asked here; null where one can. Under CI a missing one is a failure, never a skip. */
export function noHook(): string | null {
  if (process.env['NRBD_NO_FLEET'] !== undefined) return process.env['NRBD_NO_FLEET'];
  if (process.getuid?.() !== 0) return 'the build hook runs in a mount namespace, which needs root';
  return existsSync(ownHook) ? null : `there is no ${ownHook}`;
}

/** The hook of that version. */
async function hookOf(version: NixVersion): Promise<RealHook> {
  const root = await rootfs(version);
  const command = version === '2.8' ? [ownHook] : ['nix', '__build-remote'];
  const run = `mount --rbind /proc "$0/proc" && chroot "$0" nix --version`;
  const said = execFileSync('unshare', ['-m', 'sh', '-c', run, root], { encoding: 'utf8' });
  return { version: said.trim(), root, command };
}

/** One subtest for each version of Nix; skipped with the reason only where tests need not have one. */
export function withEachHook(name: string, body: (test: Test, hook: RealHook) => Promise<void>): void {
  const reason = noHook();
  const skip = reason !== null && process.env['CI'] === undefined ? { skip: reason } : {};
  // Hundreds of hooks take longer than a test usually may.
  t.setTimeout(0);
  for (const version of versions) {
    void t.test(`${name}: Nix ${version}`, skip, async (test) => {
      test.setTimeout(0);
      if (reason !== null) throw new Error(reason);
      await body(test, await hookOf(version));
    });
  }
}
