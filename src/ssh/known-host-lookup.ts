import { statSync } from 'node:fs';
import { inside } from '../support/resolve-inside.ts';
import { type KnownHost, lookupKnownHosts } from './known-hosts.ts';
import { optionsIn, type SshConfig } from './effective-config.ts';

/** What is noted of the host, and what ssh makes of a key that is not. */
export interface KnownHostLookup {
  /** As ssh looks it up. */
  name: string;
  /** Where a key would be noted. */
  file: string;
  /** That is a folder, so ssh reads nothing from it. */
  isFolder: boolean;
  /** Nix's own file for a pinned key, or null. */
  pinnedFile: string | null;
  entries: KnownHost[];
  /** `StrictHostKeyChecking`. */
  strict: string;
}

/**
 * Looks in the files that ssh reads. `pinnedFile`: Nix's own, for a pinned key; `root`: where the file system of the
 * daemon is seen.
 */
export function lookUpKnownHost(config: SshConfig, pinnedFile: string | null, root = ''): KnownHostLookup {
  // With a pinned key Nix's own file takes the place of the user's; the system's are read all the same.
  const files = pinnedFile === null ? config.userKnownHostsFiles : [pinnedFile];
  const name = config.hostKeyAlias ?? config.hostname;
  const port = config.hostKeyAlias === undefined ? config.port : 22;
  return {
    name: port === 22 ? name : `[${name}]:${port}`,
    file: files[0] ?? '',
    isFolder: files.some((file) => isFolder(inside(root, file))),
    pinnedFile,
    entries: lookupKnownHosts([...files, ...config.globalKnownHostsFiles], name, port, root),
    strict: optionsIn(config, 'StrictHostKeyChecking')[0] ?? 'ask',
  };
}

/** Whether ssh goes on with a host key that it does not know, or that is another one than it knows. */
export function isUnchecked(strict: string): boolean {
  return ['no', 'off', 'false'].includes(strict);
}

/** Whether a login tells something: ssh lets in only who is noted, and of a pinned host nothing else is. */
export function verifiesHostKey({ entries, strict, pinnedFile }: KnownHostLookup): boolean {
  return (
    ['yes', 'true', 'ask'].includes(strict) &&
    entries.length > 0 &&
    entries.every(({ file }) => pinnedFile === null || file === pinnedFile)
  );
}

function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}
