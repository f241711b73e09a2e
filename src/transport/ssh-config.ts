import { homedir } from 'node:os';
import type { Transport } from './transport.ts';

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
  | { ok: true; config: SshConfig; stderr: string }
  | { ok: false; exitCode: number | null; stderr: string };

/** Asks ssh what is in force with these words (target and options, as {@link nixSshWords} writes them). */
export async function resolveSshConfig(
  words: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<AskedConfig> {
  const { exitCode, stdout, stderr } = await client.run(['ssh', '-G', ...words.filter((word) => word !== '--')], {
    timeoutMs: 15_000,
    signal,
  });
  return exitCode === 0 ? { ok: true, config: parseSshConfig(stdout), stderr } : { ok: false, exitCode, stderr };
}

/** Reads the output of `ssh -G`. */
export function parseSshConfig(text: string): SshConfig {
  const raw: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ');
    if (at > 0) (raw[line.slice(0, at).toLowerCase()] ??= []).push(line.slice(at + 1));
  }
  const first = (key: string): string | undefined => raw[key]?.[0];
  const optional = <K extends string>(key: K, value: string | undefined): { [key in K]?: string } =>
    value === undefined || value === 'none' || value === '' ? {} : ({ [key]: value } as { [key in K]: string });
  const files = (key: string): string[] => (raw[key] ?? []).flatMap((value) => value.split(' ')).filter((f) => f !== 'none').map(expandHome);
  return {
    hostname: first('hostname') ?? '',
    port: Number(first('port') ?? 22),
    user: first('user') ?? '',
    identityFiles: (raw['identityfile'] ?? []).filter((file) => file !== 'none').map(expandHome),
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    certificateFiles: files('certificatefile'),
    ...optional('hostKeyAlias', first('hostkeyalias')),
    ...optional('proxyJump', first('proxyjump')),
    ...optional('proxyCommand', first('proxycommand')),
    ...optional('identityAgent', first('identityagent')),
    raw,
  };
}

function expandHome(path: string): string {
  return path.startsWith('~/') ? `${homedir()}${path.slice(1)}` : path;
}
