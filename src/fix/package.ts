import { nixName } from '../machines/nix-text.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import type { System } from '../system/system.ts';

/** Packages that are not called the same everywhere, by their name in Debian. */
const others: Readonly<Record<string, Partial<Record<System['packages'] | 'nix', string>>>> = {
  'openssh-client': { dnf: 'openssh-clients', zypper: 'openssh-clients', pacman: 'openssh', nix: 'openssh' },
  'qemu-user-static': { apk: 'qemu-openrc qemu-aarch64 qemu-x86_64', pacman: 'qemu-user-static-binfmt' },
};

const installers = {
  apt: 'apt-get install -y',
  apk: 'apk add',
  dnf: 'dnf install -y',
  pacman: 'pacman -S --noconfirm',
  zypper: 'zypper install -y',
} as const;

/** Installs a package by the name that it has there. */
export function packageForm(name: string, system: System): Form {
  const { packages, moduleSystem, family } = system;
  const called = others[name] ?? {};
  if (moduleSystem !== 'none') {
    const attribute = nixName(called.nix ?? name);
    return moduleForm(`environment.systemPackages = [ pkgs.${attribute} ];`, system);
  }
  if (packages !== 'none')
    return { run: `${installers[packages]} ${called[packages] ?? quoteIfNeeded(name)}` };
  return {
    run: `${family === 'darwin' ? 'brew install' : installers.apt} ${quoteIfNeeded(called.nix ?? name)}`,
  };
}
