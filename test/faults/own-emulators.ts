import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerOf } from '../../src/nix/test-build/foreign.ts';
import type { Lab } from './fault.ts';

/** What Debian's package registers for a processor, with the flags given: `OPF` is its own. */
export function registration(processor: string, flags: string): string {
  return readFileSync(`/usr/lib/binfmt.d/qemu-${processor}.conf`, 'utf8')
    .trim()
    .replace(/:OPF$/, `:${flags}`);
}

/** Whether this machine's kernel starts programs of that system. */
export function kernelRuns(system: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-test-'));
  const program = join(folder, 'program');
  writeFileSync(program, headerOf(system), { mode: 0o755 });
  const { error } = spawnSync(program);
  rmSync(folder, { recursive: true });
  // The program that should load it is a folder: EACCES. Where the kernel does not know its format, it is ENOEXEC.
  return error !== undefined && 'code' in error && error.code === 'EACCES';
}

/** Of a builder for {@link withOwnEmulators}: in its user namespace nothing may listen on a lower one. */
export const port = 2222;

/**
 * Starts the SSH server of a builder anew in a user namespace, for which the kernel has a list of emulators of its own, with
 * only these `lines` in it. So it is in a container; the list of this machine stays as it is. `hidden`: it cannot be read.
 */
export async function withOwnEmulators(
  { client, builder: { host } }: Pick<Lab, 'client' | 'builder'>,
  lines: readonly string[] = [],
  hidden = false,
): Promise<void> {
  client.host.write('/root/.ssh/config', `Host ${host.name}\n  Port ${port}\n`);
  await host.stopSshd();
  const list = '/proc/sys/fs/binfmt_misc';
  host.write(
    '/tmp/own-emulators.sh',
    [
      'read -r go < /tmp/go',
      `mount -t binfmt_misc binfmt_misc ${list}`,
      ...lines.map((line) => `printf '%s' '${line}' > ${list}/register`),
      hidden ? `mount -t tmpfs tmpfs ${list}` : '',
      'exec /usr/sbin/sshd -D -E /tmp/sshd.log',
      '',
    ].join('\n'),
  );
  const { exitCode, stderr } = await host.sh(
    `mkfifo /tmp/go
     setsid unshare -U -m sh /tmp/own-emulators.sh </dev/null >/tmp/own-emulators.log 2>&1 &
     while [ "$(readlink /proc/$!/ns/user)" = "$(readlink /proc/self/ns/user)" ]; do sleep 0.02; done
     echo 0 0 65536 > /proc/$!/uid_map && echo 0 0 65536 > /proc/$!/gid_map && echo > /tmp/go`,
  );
  if (exitCode !== 0) throw new Error(`no user namespace for sshd: ${stderr}`);
  await host.sshdAnswers();
}
