import { join } from 'node:path';
import { thisUser } from '../system/this-user.ts';
import { optionsIn, type SshConfig } from './effective-config.ts';

/** What ssh looks for in the file system: its configuration, keys, known hosts, and the socket of an agent. */
export function filesOfSsh(config: SshConfig, env: Readonly<Record<string, string>>): string[] {
  const [agent = ''] = optionsIn(config, 'IdentityAgent');
  return [
    join(thisUser().homedir, '.ssh/config'),
    ...config.identityFiles,
    ...config.userKnownHostsFiles,
    // ssh leaves out a key that is not there.
    ...[...(env['NIX_SSHOPTS'] ?? '').matchAll(/(?:^|\s)-i\s*(\S+)/g)].map(([, file = '']) => file),
    env['SSH_AUTH_SOCK'] ?? '',
    agent,
  ].filter((file) => file.startsWith('/'));
}
