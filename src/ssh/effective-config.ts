import { hostname } from 'node:os';
import { thisUser } from '../system/this-user.ts';
import { resolve } from 'node:path';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import { runInBatch } from '../transport/command-batch.ts';
import type { CommandResult, Transport } from '../transport/transport.ts';

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
  /** Every option, as ssh prints it: {@link optionsIn} reads it. */
  raw: string;
}

/** The answer to `ssh -G`, or how it failed: a configuration that ssh refuses ends every connection. */
export type AskedConfig =
  | { ok: true; config: SshConfig; stderr: string }
  | { ok: false; exitCode: number | null; stderr: string; timedOut?: boolean };

/** Asks ssh what is in force with these words (target and options, as {@link nixSshWords} writes them). */
export async function resolveSshConfig(
  words: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<AskedConfig> {
  const { exitCode, stdout, stderr, timedOut } = await sshSays(words, client, signal);
  if (exitCode !== 0) return { ok: false, exitCode, stderr, timedOut };
  // The answers for many builders come at once.
  await yieldToEventLoop();
  return { ok: true, config: parseSshConfig(stdout), stderr };
}

/** Runs `ssh -G`. With ForkAfterAuthentication it wants a command; with RemoteCommand it would allow none. */
export async function sshSays(
  words: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<CommandResult> {
  const command = ['ssh', '-G', ...words.filter((word) => word !== '--')];
  const ask = (all: string[]): Promise<CommandResult> =>
    runInBatch(all, client, { timeoutMs: 15_000, signal });
  const answer = await ask(command);
  return /^Cannot fork into background without a command/m.test(answer.stderr)
    ? ask([...command, 'true'])
    : answer;
}

/** Reads the output of `ssh -G`. It is kept as text, for a thousand of these are many small things for a program. */
export function parseSshConfig(raw: string): SshConfig {
  const all = (option: string): string[] => optionsIn({ raw }, option);
  const first = (option: string): string | undefined => all(option)[0];
  const optional = <K extends string>(key: K, value: string | undefined): { [key in K]?: string } =>
    value === undefined || value === 'none' || value === ''
      ? {}
      : ({ [key]: value } as { [key in K]: string });
  const hostname = first('hostname') ?? '';
  const host = first('host');
  const hostKeyAlias = first('hostkeyalias');
  const tokens = {
    ...(thisMachine ??= tokensOfThisMachine()),
    '%h': hostname,
    '%k': hostKeyAlias ?? host,
    '%n': host,
    '%p': first('port'),
    '%r': first('user'),
  };
  const paths = (values: readonly string[]): string[] =>
    values.filter((value) => value !== 'none' && value !== '').map((value) => expandPath(value, tokens));
  // ssh prints these lists on one line, and a path with a blank without quotes.
  const lists = (option: string): string[] => paths(all(option).flatMap((value) => value.split(' ')));
  return {
    hostname,
    port: Number(first('port') ?? 22),
    user: first('user') ?? '',
    identityFiles: paths(all('identityfile')),
    userKnownHostsFiles: lists('userknownhostsfile'),
    globalKnownHostsFiles: lists('globalknownhostsfile'),
    certificateFiles: paths(all('certificatefile')),
    ...optional('hostKeyAlias', hostKeyAlias),
    ...optional('proxyJump', first('proxyjump')),
    ...optional('proxyCommand', first('proxycommand')),
    ...optional('identityAgent', first('identityagent')),
    raw,
  };
}

/** The values of an option, in ssh's order. `option`: its name as ssh_config(5) has it, in any case. */
export function optionsIn({ raw }: Pick<SshConfig, 'raw'>, option: string): string[] {
  return Array.from(raw.matchAll(new RegExp(`^${option} (.*)$`, 'gim')), ([, value = '']) => value);
}

/** Whether ssh leaves its caller once it has logged in. */
export function goesToBackground(config: Pick<SshConfig, 'raw'>): boolean {
  return optionsIn(config, 'ForkAfterAuthentication')[0] === 'yes';
}

type Tokens = Readonly<Record<string, string | undefined>>;

let thisMachine: Tokens | undefined;

function tokensOfThisMachine(): Tokens {
  const me = thisUser();
  return {
    '%%': '%',
    // ssh asks the password database for the home folder, whatever HOME says.
    '%d': me.homedir,
    '%i': String(me.uid),
    '%L': hostname().replace(/\..*/, ''),
    '%l': hostname(),
    '%u': me.username,
  };
}

/** `~` and the tokens of ssh_config(5), TOKENS, that make sense in a path. Nix starts ssh in `/`. */
function expandPath(path: string, tokens: Tokens): string {
  const expanded = path
    .replace(/^~(?=\/)/, tokens['%d'] ?? '~')
    .replace(/%./g, (token) => tokens[token] ?? token);
  return resolve('/', expanded);
}
