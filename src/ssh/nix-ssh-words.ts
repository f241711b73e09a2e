import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TransportError } from '../transport/transport.ts';

/**
 * After a login ssh adds the server's other host keys to known_hosts (UpdateHostKeys, since OpenSSH 8.5 by default), in a
 * real build too. A look must not.
 */
export const learnsNoHostKeys = '-oUpdateHostKeys=no';

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
  const target = ssh.user === '' ? ssh.host : `${ssh.user}@${ssh.host}`;
  const port = ssh.port === null ? [] : [String(ssh.port)];
  const lix = isLix(ssh.nixVersion);
  return [
    target,
    '-x',
    // Before 2.12 Nix forbade agent forwarding; Lix asks for no terminal.
    ...(isBefore(ssh.nixVersion, 12) && !lix ? ['-a'] : []),
    ...(lix ? ['-T', ...port.flatMap((number) => ['-p', number])] : []),
    ...splitOptions(ssh.nixSshOpts, ssh.nixVersion),
    ...(ssh.sshKey === '' ? [] : ['-i', ssh.sshKey]),
    ...(ssh.knownHostsFile === null ? [] : [`-oUserKnownHostsFile=${ssh.knownHostsFile}`]),
    ...(ssh.compress ? ['-C'] : []),
    ...(lix ? [] : port.map((number) => `-p${number}`)),
    '-oPermitLocalCommand=yes',
    '-oLocalCommand=echo started',
    '--',
  ];
}

/** Since 2.25 Nix starts ssh with a plain shell, so that a fancy one of root's cannot garble `LocalCommand`. */
export function nixSshEnvironment(env: Record<string, string>, nixVersion: string): Record<string, string> {
  return isLix(nixVersion) || isBefore(nixVersion, 25) ? env : { ...env, SHELL: '/bin/sh' };
}

/**
 * Whether this Nix can work over a login that others share with it. 2.15 waits for the "started" that ssh prints only
 * for a login of its own; the versions after it ask first (`ssh -O check`), those before it do not wait.
 */
export function canShareLogin(nixVersion: string): boolean {
  return isLix(nixVersion) || isBefore(nixVersion, 15) || !isBefore(nixVersion, 16);
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
  const atBlanks = isLix(nixVersion) || isBefore(nixVersion, 26);
  return atBlanks ? text.split(/[ \t\r\n]+/).filter((word) => word !== '') : splitLikeShell(text);
}

/**
 * Words as Nix splits them (`shellSplitString`): blanks and tabs part them, a line feed does not, nothing is expanded.
 * Throws {@link TransportError} (`spawn`) for a quote without an end, as Nix gives up there.
 */
function splitLikeShell(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  const piece =
    /[ \t]+|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|\\(?<escaped>.?)|(?<plain>[^ \t'"\\]+)|(?<open>['"])/gsy;
  for (const { 0: all, groups: { single, double, escaped, plain, open } = {} } of text.matchAll(piece)) {
    if (open !== undefined) {
      const kind = open === "'" ? 'single' : 'double';
      throw new TransportError('spawn', `Nix cannot split NIX_SSHOPTS '${text}': unterminated ${kind} quote`);
    }
    if (/^[ \t]/.test(all)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (all !== '\\') {
      word = (word ?? '') + (single ?? double?.replace(/\\([$`"\\])/g, '$1') ?? escaped ?? plain ?? '');
    }
  }
  return word === null ? words : [...words, word];
}

function isLix(version: string): boolean {
  return /lix/i.test(version);
}

function isBefore(version: string, minor: number): boolean {
  const match = /^2\.(\d+)/.exec(version);
  return match !== null && Number(match[1]) < minor;
}
