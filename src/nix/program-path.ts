import { dirname } from 'node:path';
import type { Builder } from '../machines/builder.ts';

/**
 * Where Nix's programs may be on the builder although a plain login does not look there: beside the entry's
 * `remote-program`, and where installers put them.
 */
export function nixPath({ params }: Builder): string {
  const [program = ''] = (params['remote-program'] ?? '').trim().split(/\s+/);
  const beside = program.startsWith('/') ? [dirname(program)] : [];
  return [...beside, '/nix/var/nix/profiles/default/bin', '/run/current-system/sw/bin'].join(':');
}
