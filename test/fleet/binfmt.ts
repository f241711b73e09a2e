import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const folder = '/proc/sys/fs/binfmt_misc';

/**
 * Lets the kernel run programs of arm64 with qemu, from the line that Debian's package carries. Needed where no
 * systemd-binfmt does it, as in a fresh container. The line has the flag F: the kernel holds the emulator open, so it runs
 * in every chroot and sandbox too. The kernel has one list, so this holds for the whole machine until it restarts.
 */
export function registerArm64(): void {
  if (!existsSync(`${folder}/register`))
    execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', folder], { stdio: 'pipe' });
  if (existsSync(`${folder}/qemu-aarch64`)) return;
  try {
    writeFileSync(`${folder}/register`, readFileSync('/usr/lib/binfmt.d/qemu-aarch64.conf'));
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
