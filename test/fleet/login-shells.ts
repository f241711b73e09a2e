import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages } from './packages.ts';

/** Debian has no package of nushell; this is its makers' own program from npm. */
const nushell = '@nushell/linux-x64@0.115.1';

/** Real shells that users have as login shell, by name: what sshd starts, with `-c` and a line behind it. */
export function loginShells(): Record<string, string> {
  ensurePackages();
  const debian = ['bash', 'dash', 'zsh', 'fish', 'tcsh', 'ksh', 'mksh', 'yash', 'rc', 'elvish', 'xonsh'];
  return {
    ...Object.fromEntries(debian.map((name) => [name, `/usr/bin/${name}`])),
    ash: '/usr/bin/busybox ash',
    nushell: installedNushell(),
  };
}

function installedNushell(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const prefix = join(cache, 'nix-remote-builder-doctor', 'shells', nushell.replaceAll('/', '-'));
  const program = join(prefix, 'node_modules/@nushell/linux-x64/bin/nu');
  if (!existsSync(program))
    execFileSync(
      'npm',
      ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', prefix, nushell],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
  return program;
}
