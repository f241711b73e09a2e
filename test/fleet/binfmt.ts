import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoFleet } from './packages.ts';

const folder = '/proc/sys/fs/binfmt_misc';

/** Debian's package carries the line; its flag F lets the kernel hold the emulator open, so it runs in every root folder. */
const line = '/usr/lib/binfmt.d/qemu-aarch64.conf';

/** How the header of a program of aarch64 begins, as binfmt_misc shows it. */
const header = '7f454c460201010000000000000000000200b700';

/**
 * Lets the kernel run programs of arm64 with qemu. Needed where no systemd-binfmt does it, as in a fresh container. The
 * kernel has one list, so this holds for the whole machine until it restarts. Throws {@link NoFleet} with the reason where
 * the kernel cannot run them.
 */
export function registerArm64(): void {
  if (process.arch === 'arm64') return;
  if (!existsSync(join(folder, 'register'))) mount();
  if (emulator() === undefined) register();
  const found = emulator();
  if (found === undefined) throw cannot('the kernel did not keep the emulator that was registered');
  if (!/^enabled$/m.test(found.text)) throw cannot(`${found.file} is disabled`);
  if (!/^flags: .*F/m.test(found.text))
    throw cannot(`${found.file} lacks the flag F, so the emulator does not run in a root folder of its own`);
}

function cannot(why: string): NoFleet {
  return new NoFleet(`programs of aarch64 do not run on this machine: ${why}`);
}

function mount(): void {
  try {
    execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', folder], { stdio: 'pipe' });
  } catch (error) {
    const [why = ''] = String((error as { stderr?: Buffer }).stderr ?? error).split('\n');
    throw cannot(why);
  }
}

function register(): void {
  try {
    writeFileSync(join(folder, 'register'), readFileSync(line));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Another process was quicker.
    if (code !== 'EEXIST') throw cannot(message);
  }
}

/** What the kernel starts for programs of aarch64, whoever registered it under whatever name. */
function emulator(): { file: string; text: string } | undefined {
  for (const name of readdirSync(folder)) {
    if (name === 'register' || name === 'status') continue;
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    if (text.includes(`magic ${header}`)) return { file, text };
  }
  return undefined;
}
