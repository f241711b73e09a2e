import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What Nix knows of a builder when it writes ssh's command line. */
export interface NixSsh {
  host: string;
  user: string;
  port: number | null;
  sshKey: string;
  compress: boolean;
  /** Nix's own file for a pinned host key, or null. */
  knownHostsFile: string | null;
  /** `NIX_SSHOPTS` of the daemon. */
  nixSshOpts: string;
  /** The client's. */
  nixVersion: string;
}

/**
 * Nix's own words between `ssh` and the remote program (src/libstore/ssh.cc), with its `LocalCommand` that prints
 * "started" after the login. Nothing is added: no BatchMode, no ConnectTimeout, no IdentitiesOnly. The mark is
 * harmless where this version of Nix does not set it itself (before 2.15, and Lix).
 */
export function nixSshWords(ssh: NixSsh): string[] {
  return [
    ssh.user === '' ? ssh.host : `${ssh.user}@${ssh.host}`,
    '-x',
    // Before 2.12 Nix forbade agent forwarding; Lix asks for no terminal.
    ...(isBefore(ssh.nixVersion, 12) ? ['-a'] : []),
    ...(isLix(ssh.nixVersion) ? ['-T'] : []),
    ...splitOptions(ssh.nixSshOpts, ssh.nixVersion),
    ...(ssh.sshKey === '' ? [] : ['-i', ssh.sshKey]),
    ...(ssh.knownHostsFile === null ? [] : [`-oUserKnownHostsFile=${ssh.knownHostsFile}`]),
    ...(ssh.compress ? ['-C'] : []),
    ...(ssh.port === null ? [] : [`-p${ssh.port}`]),
    '-oPermitLocalCommand=yes',
    '-oLocalCommand=echo started',
    '--',
  ];
}

/** The known_hosts file that Nix makes from the eighth column: in a folder and with a mode that keep others out. */
export async function writePinnedKnownHosts(host: string, base64: string, folder: string): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'host-key-')), 'host-key');
  const bytes = Buffer.concat([Buffer.from(`${host} `), Buffer.from(base64, 'base64'), Buffer.from('\n')]);
  await writeFile(file, bytes, { mode: 0o600, flag: 'wx' });
  return file;
}

/** Up to 2.25 and in Lix `NIX_SSHOPTS` is split at blanks, quotes and all; from 2.26 as a shell would. */
function splitOptions(text: string, nixVersion: string): string[] {
  if (isLix(nixVersion) || isBefore(nixVersion, 26)) return text.split(/\s+/).filter((word) => word !== '');
  const words = text.matchAll(/(?:[^\s'"\\]+|'[^']*'|"(?:[^"\\]|\\.)*"|\\.)+/gs);
  return [...words].map(([word]) =>
    word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, (_all, single?: string, double?: string, bare?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? bare ?? '',
    ),
  );
}

function isLix(version: string): boolean {
  return /lix/i.test(version);
}

function isBefore(version: string, minor: number): boolean {
  const match = /^2\.(\d+)/.exec(version);
  return match !== null && Number(match[1]) < minor;
}
