#!/usr/bin/env node
// The published package carries dist/. A fresh checkout does not: its first run builds it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = new URL('../dist/cli.js', import.meta.url);
if (!existsSync(cli)) {
  process.stderr.write('nix-remote-builder-doctor: building dist/ first (once) …\n');
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(
      'nix-remote-builder-doctor: the build failed; run `npm ci && npm run build` to see why\n',
    );
    process.exit(2);
  }
}
await import(cli.href);
