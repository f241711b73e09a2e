import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { runTogether } from './together.ts';
import type { CommandResult, Transport } from './transport.ts';

/** The configuration that ssh would use, from `ssh -G`. */
export interface SshConfig {
  hostname: string;
  port: number;
  user: string;
  identityFiles: string[];
  userKnownHostsFiles: string[];
  globalKnownHostsFiles: string[];
  hostKeyAlias?: string;
  proxyJump?: string;
  proxyCommand?: string;
  identityAgent?: string;
  certificateFiles: string[];
  /** Every option by its lower-case name, in ssh's order. */
  raw: Record<string, string[]>;
}

/** The answer to `ssh -G`, or how it failed: a configuration that ssh refuses ends every connection. */
export type AskedConfig =
  { ok: true; config: SshConfig; stderr: string } | { ok: false; exitCode: number | null; stderr: string };

/** Asks ssh what is in force with these words (target and options, as {@link nixSshWords} writes them). */
export async function resolveSshConfig(
  words: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<AskedConfig> {
  const { exitCode, stdout, stderr } = await sshSays(words, client, signal);
  return exitCode === 0
    ? { ok: true, config: parseSshConfig(stdout), stderr }
    : { ok: false, exitCode, stderr };
}

/** Runs `ssh -G`. */
export function sshSays(
  words: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<CommandResult> {
  const command = ['ssh', '-G', ...words.filter((word) => word !== '--')];
  return runTogether(command, client, { timeoutMs: 15_000, signal });
}

/** Reads the output of `ssh -G`. */
export function parseSshConfig(text: string): SshConfig {
  const raw: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at < 1) continue;
    const key = line.slice(0, at).toLowerCase();
    // A list that grows has room for many more, and there may be eighty of them for each of a thousand builders.
    const known = raw[key];
    raw[key] = known === undefined ? [line.slice(at + 1)] : [...known, line.slice(at + 1)];
  }
  const first = (key: string): string | undefined => raw[key]?.[0];
  const optional = <K extends string>(key: K, value: string | undefined): { [key in K]?: string } =>
    value === undefined || value === 'none' || value === ''
      ? {}
      : ({ [key]: value } as { [key in K]: string });
  const paths = (values: readonly string[]): string[] =>
    values.filter((value) => value !== 'none' && value !== '').map((value) => expandPath(value, raw));
  // ssh prints these lists on one line, and a path with a blank without quotes.
  const lists = (key: string): string[] => paths((raw[key] ?? []).flatMap((value) => value.split(' ')));
  return {
    hostname: first('hostname') ?? '',
    port: Number(first('port') ?? 22),
    user: first('user') ?? '',
    identityFiles: paths(raw['identityfile'] ?? []),
    userKnownHostsFiles: lists('userknownhostsfile'),
    globalKnownHostsFiles: lists('globalknownhostsfile'),
    certificateFiles: paths(raw['certificatefile'] ?? []),
    ...optional('hostKeyAlias', first('hostkeyalias')),
    ...optional('proxyJump', first('proxyjump')),
    ...optional('proxyCommand', first('proxycommand')),
    ...optional('identityAgent', first('identityagent')),
    raw,
  };
}

/** `~` and the tokens of ssh_config(5), TOKENS, that make sense in a path. Nix starts ssh in `/`. */
function expandPath(path: string, raw: SshConfig['raw']): string {
  const me = userInfo();
  // ssh asks the password database for the home folder, whatever HOME says.
  const home = me.homedir;
  const tokens: Record<string, string | undefined> = {
    '%%': '%',
    '%d': home,
    '%h': raw['hostname']?.[0],
    '%i': String(me.uid),
    '%k': raw['hostkeyalias']?.[0] ?? raw['host']?.[0],
    '%L': hostname().replace(/\..*/, ''),
    '%l': hostname(),
    '%n': raw['host']?.[0],
    '%p': raw['port']?.[0],
    '%r': raw['user']?.[0],
    '%u': me.username,
  };
  const expanded = path.replace(/^~(?=\/)/, home).replace(/%./g, (token) => tokens[token] ?? token);
  return resolve('/', expanded);
}
