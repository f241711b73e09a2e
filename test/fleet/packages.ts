import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What real builders need, by Debian package, with a file that shows it is there. */
const needed: Readonly<Record<string, string>> = {
  'nix-bin': '/usr/bin/nix',
  'openssh-server': '/usr/sbin/sshd',
  'openssh-client': '/usr/bin/ssh',
  debootstrap: '/usr/sbin/debootstrap',
  'qemu-user-static': '/usr/bin/qemu-aarch64-static',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  'libxml2-utils': '/usr/bin/xmllint',
  perl: '/usr/bin/prove',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  tcsh: '/bin/tcsh',
  busybox: '/bin/busybox',
  // To build busybox as Alpine has it.
  gcc: '/usr/bin/gcc',
  'libc6-dev': '/usr/include/stdlib.h',
  make: '/usr/bin/make',
  bzip2: '/usr/bin/bzip2',
  ksh: '/usr/bin/ksh',
  mksh: '/usr/bin/mksh',
  yash: '/usr/bin/yash',
  rc: '/usr/bin/rc',
  elvish: '/usr/bin/elvish',
  xonsh: '/usr/bin/xonsh',
  'dropbear-bin': '/usr/sbin/dropbear',
  chromium: '/usr/bin/chromium',
  'fonts-dejavu-core': '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  prometheus: '/usr/bin/promtool',
  'python3-prometheus-client': '/usr/lib/python3/dist-packages/prometheus_client',
  'original-awk': '/usr/bin/original-awk',
  tmux: '/usr/bin/tmux',
  'python3-jsonschema': '/usr/lib/python3/dist-packages/jsonschema',
};

/** Real builders cannot run here; the message is one line and says what is missing. */
export class NoFleet extends Error {
  override readonly name = 'NoFleet';
}

/** Installs what is missing, saying so. Throws {@link NoFleet} where that cannot be done. */
export function ensurePackages(): void {
  const missing = Object.entries(needed)
    .filter(([, file]) => !existsSync(file))
    .map(([name]) => name);
  if (process.getuid?.() !== 0) {
    const also = missing.length === 0 ? '' : `, and the Debian packages ${missing.join(' ')}`;
    throw new NoFleet(`real builders run in namespaces, which needs root${also}`);
  }
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get'))
    throw new NoFleet(`missing here, and this is no Debian: ${missing.join(' ')}`);
  process.stderr.write(`Installing Debian packages: ${missing.join(' ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): void => {
    execFileSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...missing);
  } catch {
    throw new NoFleet(`apt-get could not install: ${missing.join(' ')}`);
  }
}
