import { readFile } from 'node:fs/promises';
import {
  type AskedConfig,
  optionsIn,
  parseSshConfig,
  resolveSshConfig,
  sshSays,
} from './effective-config.ts';
import type { Transport } from '../transport/transport.ts';

/** The words for one builder, and which of them are its own. */
export interface ConfigQuestion {
  words: readonly string[];
  /** As it ends the target, which is the first word. */
  host: string;
  /** The file of its pinned host key, or null. */
  knownHostsFile: string | null;
  /** ssh reads its files in another file system than this process. */
  elsewhere?: boolean;
}

/** What ssh says of a name that is nobody's; null where it may say something else of another. */
type Pattern = { stdout: string; stderr: string } | null;

const nobody = 'nobody.nix-remote-builder-doctor.invalid';
const nobodysFile = '/nix-remote-builder-doctor/nobody/host-key';

const patterns = new WeakMap<Transport, Map<string, () => Promise<Pattern>>>();

/**
 * The configuration of one builder among many. `ssh -G` is a process for each, and yet says the same of all but for
 * the name, unless some file that ssh reads speaks of certain hosts only. So, from the second builder on, it is asked
 * once for a name that is nobody's, and the builder's name is put in its place.
 */
export async function askSshConfig(
  { words, host, knownHostsFile, elsewhere = false }: ConfigQuestion,
  client: Transport,
  signal: AbortSignal,
): Promise<AskedConfig> {
  const ask = (): Promise<AskedConfig> => resolveSshConfig(words, client, signal);
  const [target = '', ...options] = words;
  if (elsewhere || !isPlain(host) || !target.endsWith(host)) return ask();
  const nobodys = [
    target.slice(0, -host.length) + nobody,
    ...options.map((word) => (knownHostsFile === null ? word : word.replace(knownHostsFile, nobodysFile))),
  ];
  let known = patterns.get(client);
  if (known === undefined) patterns.set(client, (known = new Map<string, () => Promise<Pattern>>()));
  const key = JSON.stringify(nobodys);
  const second = known.get(key);
  if (second === undefined) {
    let pattern: Promise<Pattern> | undefined;
    known.set(key, () => (pattern ??= patternOf(nobodys, client, signal).catch(() => null)));
    return ask();
  }
  const pattern = await second();
  if (pattern === null) return ask();
  const stdout = pattern.stdout.replaceAll(nobody, host).replaceAll(nobodysFile, knownHostsFile ?? '');
  return { ok: true, config: parseSshConfig(stdout), stderr: pattern.stderr };
}

async function patternOf(words: readonly string[], client: Transport, signal: AbortSignal): Promise<Pattern> {
  const [{ exitCode, stdout, stderr }, verbose] = await Promise.all([
    sshSays(words, client, signal),
    sshSays(['-v', ...words], client, signal),
  ]);
  if (exitCode !== 0 || !saysOnlyTheName(stdout)) return null;
  const files = [...verbose.stderr.matchAll(/^debug1: Reading configuration data (.+?)\r?$/gm)];
  const texts = await Promise.all(files.map(([, file = '']) => readFile(file, 'latin1')));
  return texts.every(speaksOfAllHosts) ? { stdout, stderr } : null;
}

/** What ssh makes of a configuration that looks at the name: a path or command with it, another name, a jump. */
function saysOnlyTheName(stdout: string): boolean {
  const own = /^(host|hostname|userknownhostsfile) /;
  const others = stdout.split('\n').filter((line) => !own.test(line));
  const config = parseSshConfig(stdout);
  const isAlways = (option: string, harmless: readonly string[]): boolean =>
    optionsIn(config, option).every((value) => harmless.includes(value));
  return (
    config.hostname === nobody &&
    !others.some((line) => line.includes(nobody) || line.includes(nobodysFile)) &&
    // It looks names up, or leaves out the jump on the way to the jump host itself.
    isAlways('CanonicalizeHostname', ['no', 'false']) &&
    ['ProxyJump', 'ProxyCommand', 'ControlPath'].every((option) => isAlways(option, ['none']))
  );
}

/** Whether nothing in a configuration file holds for some host names only. */
function speaksOfAllHosts(text: string): boolean {
  return text.split(/\r?\n/).every((line) => {
    const [, keyword = '', rest = ''] = /^[\s"']*([a-z]+)["']*[\s=]*(.*)$/i.exec(line) ?? [];
    switch (keyword.toLowerCase()) {
      case 'match':
        return false;
      case 'include':
        return !rest.includes('%');
      case 'host':
        return rest
          .split(/[\s"']+/)
          .every((pattern) => pattern === '*' || pattern === '' || fitsNoName(pattern));
      default:
        return true;
    }
  });
}

/** Patterns for what is no host, as systemd's `unix/*` and `.host`. */
function fitsNoName(pattern: string): boolean {
  return /^[^!*?]*[/,]/.test(pattern) || /^\.[^*?]*$/.test(pattern);
}

/** A name or an address that ssh takes as it stands. */
function isPlain(host: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*$/.test(host);
}
