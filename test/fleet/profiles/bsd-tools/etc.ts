import type { HostSpec } from '../../profile.ts';

const profileScript = '/nix/var/nix/profiles/default/etc/profile.d/nix-daemon.sh';
const hook = (condition: string): string => `# Nix
if ${condition}; then
  . '${profileScript}'
fi
# End Nix
`;
const interactive = hook(`[ -e '${profileScript}' ]`);

/** What Nix for macOS has compiled in, in front of the installer's text. */
const compiledIn = `system = aarch64-darwin
extra-platforms = x86_64-darwin
sandbox = false
system-features = nixos-test benchmark big-parallel apple-virt
substituters =
`;

/** How Nix came onto the machine: Determinate's installer, or Nix's own. */
export type Installer = 'determinate' | 'nix';

/** Files that macOS, the installer and an admin wrote. */
export function macosFiles(spec: HostSpec, installer: Installer): Record<string, string> {
  const { name, address, sshd, user, nixConf } = spec;
  const settings = {
    ...(user?.trusted === true ? { 'trusted-users': `root ${user.name}` } : {}),
    ...nixConf,
  };
  const own = Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
  const sshdOptions = Object.entries(sshd?.options ?? {}).flatMap(([option, value]) =>
    [value].flat().map((one) => `${option} ${one}\n`),
  );
  return {
    '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`,
    '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*\nAuthorizedKeysFile .ssh/authorized_keys\n',
    '/etc/ssh/sshd_config.d/100-macos.conf': 'UsePAM yes\nAcceptEnv LANG LC_*\nDebianBanner no\n',
    '/etc/ssh/sshd_config.d/test.conf': sshdOptions.join(''),
    // macOS's sshd gives its logins this PATH, which Debian's has not compiled in.
    '/etc/security/login-path.conf': 'PATH DEFAULT=/usr/bin:/bin:/usr/sbin:/sbin\n',
    '/etc/pam.d/sshd':
      'auth required pam_unix.so\naccount required pam_nologin.so\naccount required pam_unix.so\n' +
      'session required pam_env.so conffile=/etc/security/login-path.conf\nsession required pam_permit.so\n',
    '/etc/zprofile': 'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n',
    '/etc/zshrc': interactive,
    '/etc/bashrc': `[ -n "$PS1" ] || return\n${interactive}`,
    [profileScript]: 'export PATH="$HOME/.nix-profile/bin:/nix/var/nix/profiles/default/bin:$PATH"\n',
    '/Library/LaunchDaemons/org.nixos.nix-daemon.plist': '<plist version="1.0"/>\n',
    '/System/Library/LaunchDaemons/ssh.plist': '<plist version="1.0"/>\n',
    ...(installer === 'determinate'
      ? {
          '/etc/zshenv': hook(
            `[ -e '${profileScript}' ] && [ -n "\${SSH_CONNECTION}" ] && [ "\${SHLVL}" -eq 1 ]`,
          ),
          '/usr/local/bin/determinate-nixd': '#!/bin/sh\nexit 1\n',
          '/etc/nix/nix.conf': `${compiledIn}build-users-group = nixbld\nexperimental-features = nix-command flakes\n!include nix.custom.conf\n`,
          '/etc/nix/nix.custom.conf': own,
        }
      : {
          '/etc/zshenv': '',
          '/etc/ssh/sshd_config.d/zz-nix.conf':
            'SetEnv PATH=/nix/var/nix/profiles/default/bin:/usr/bin:/bin:/usr/sbin:/sbin\n',
          '/etc/nix/nix.conf': `${compiledIn}build-users-group = nixbld\n${own}`,
        }),
  };
}
