import { existsSync } from 'node:fs';
import { inside } from '../support/resolve-inside.ts';
import { optionsIn, type SshConfig } from '../ssh/effective-config.ts';
import type { LoginEvidence } from '../ssh/debug-log.ts';
import { plainWords } from '../ssh/debug-log.ts';
import type {} from './nix-login.ts';
import { whereSet } from '../ssh/option-source.ts';
import type { NixLogin } from './login.ts';

/** What a login showed, as scenarios judge it. */
export interface LoginFacts {
  phase: LoginEvidence['phase'];
  /** The ways to log in that the server names, with blanks between them. */
  allowed: string;
  offered: string[];
  accepted: string[];
  skipped: string[];
  /** One of the keys that it offered is a certificate. */
  certificateOffered: boolean;
  /** Keys are none of the ways in which the server lets anybody in. */
  takesNoKeys: boolean;
  passwordsTried: boolean;
  partialSuccess: boolean;
  sessionRefused: boolean;
  hostCertificate: string;
  /** Addresses to which it could not connect, with blanks between them. */
  deadAddresses: string;
  /** The server ended the connection. */
  closed: boolean;
  /** It did so after the login, before the remote program ended. */
  sessionClosed: boolean;
  /** The client's option that keeps every key back; empty texts where there is none. */
  option: { name: string; value: string; where: string };
  /** The client's option that ssh's words complain of, and its line; empty texts and 0 where there is none. */
  culprit: { name: string; value: string; where: string; file: string; line: number };
  /** Through which the builder is reached: a jump host's name or a command, and why that failed. */
  proxy: { name: string; isJump: boolean; where: string; words: string; problem: string };
  /** A variable that ssh's configuration uses and the daemon does not have, and its value here; empty where there is none. */
  variable: { name: string; value: string };
  /** The first line that Nix takes for an answer of its build hook (`# …`), over ssh-ng. */
  hookReply: string;
}

/** `config`: what `ssh -G` says; null where it could not be asked. `root`: where the daemon's file system is seen. */
export function loginFacts(
  { evidence, others, seen }: NixLogin,
  config: SshConfig | null,
  root = '',
): LoginFacts {
  const files = { files: evidence.configFiles, root };
  const { configFiles: _configFiles, words: _words, preface, allowed, deadAddresses, ...rest } = evidence;
  return {
    ...rest,
    allowed: allowed.join(' '),
    deadAddresses: deadAddresses.join(' '),
    certificateOffered: rest.offered.some((key) => key.endsWith('-CERT')),
    takesNoKeys: allowed.length > 0 && !allowed.includes('publickey') && rest.offered.length === 0,
    closed: /^(Connection (closed|reset) by |Received disconnect from |kex_exchange_identification: )/m.test(
      seen.stderr,
    ),
    sessionClosed: rest.phase === 'session' && seen.exitCode === 255 && endsSession.test(seen.stderr),
    option: config === null ? noOption : withholds(config, evidence, files),
    culprit: culpritOf(config, seen.stderr, files),
    proxy: proxyOf(config, others || preface.join('\n'), files),
    variable: variableOf(seen.stderr),
    hookReply: config !== null && isQuiet(config) ? '' : (/^# .*$/m.exec(others)?.[0] ?? ''),
  };
}

const endsSession = /^(Connection to .* closed by remote host\.|client_loop: send disconnect: )/m;

function variableOf(said: string): LoginFacts['variable'] {
  const [, name = ''] = /env var \$\{(\w+)\} has no value/.exec(said) ?? [];
  return { name, value: process.env[name] ?? '' };
}

/** The files that ssh read, and where their file system is seen. */
interface ConfigFiles {
  files: readonly string[];
  root: string;
}

const noOption = { name: '', value: '', where: '' };

/** An option of the client because of which no key is offered. */
function withholds(
  config: SshConfig,
  { offered, skipped }: LoginEvidence,
  { files, root }: ConfigFiles,
): LoginFacts['option'] {
  if (offered.length > 0) return noOption;
  const set = (name: string): LoginFacts['option'] => ({
    name,
    value: optionsIn(config, name)[0] ?? '',
    where: whereSet(name, files, root) || 'NIX_SSHOPTS',
  });
  const enabled = set('PubkeyAuthentication');
  if (['no', 'false'].includes(enabled.value)) return enabled;
  if (skipped.length > 0) return set('PubkeyAcceptedAlgorithms');
  const methods = set('PreferredAuthentications');
  if (methods.value !== '' && !methods.value.split(',').includes('publickey')) return methods;
  const size = set('RequiredRSASize');
  const isThere = config.identityFiles.some((file) => existsSync(inside(root, file)));
  if (isSet(size) && isThere) return size;
  const identityFile = set('IdentityFile');
  return isSet(identityFile) && !isThere ? identityFile : noOption;
}

/** Whether a file sets it. */
function isSet({ where }: LoginFacts['option']): boolean {
  return where.includes(':');
}

/** ssh's words, and the options of its own configuration that lead to them (OpenSSH 9.2 to 10.x). */
const complaints: readonly [RegExp, readonly string[]][] = [
  [/^bind \S+: Cannot assign requested address/m, ['BindAddress']],
  [/^getifaddrs: /m, ['BindInterface']],
  [/no matching cipher found/, ['Ciphers']],
  [/no matching MAC found/, ['MACs']],
  [/no matching key exchange method found/, ['KexAlgorithms']],
  [/no matching host key type found/, ['HostKeyAlgorithms']],
  [/^ssh: Could not resolve hostname/m, ['AddressFamily', 'CanonicalDomains']],
  [/KnownHostsCommand/, ['KnownHostsCommand']],
  [/in revoked keys file/, ['RevokedHostKeys']],
  [/(Permission denied|Operation not permitted).*\btun|^Tunnel (device open|forwarding) failed/m, ['Tunnel']],
  [
    /^(Error: remote port forwarding failed|bind \[?\S+\]?:\d+: |channel_setup_fwd_listener)/m,
    ['ExitOnForwardFailure'],
  ],
];

function culpritOf(
  config: SshConfig | null,
  said: string,
  { files, root }: ConfigFiles,
): LoginFacts['culprit'] {
  const options = complaints.find(([words]) => words.test(said))?.[1] ?? [];
  for (const name of options) {
    const where = whereSet(name, files, root);
    const [, file, line] = /^(.*):(\d+)$/.exec(where) ?? [];
    if (config !== null && file !== undefined)
      return { name, value: optionsIn(config, name)[0] ?? '', where, file, line: Number(line) };
  }
  return { ...noOption, file: '', line: 0 };
}

/** Below this level ssh does not show a banner to Nix. */
function isQuiet(config: SshConfig): boolean {
  return ['QUIET', 'FATAL', 'ERROR'].includes(optionsIn(config, 'LogLevel')[0] ?? '');
}

const problems: readonly [string, RegExp][] = [
  ['host-key', /^(Host key verification failed\.|.*REMOTE HOST IDENTIFICATION HAS CHANGED)/m],
  // A server that takes passwords too may end the login before ssh says so itself.
  [
    'login',
    /^(\S+: Permission denied \(|Permission denied, please try again\.|Received disconnect from .*: Too many authentication failures)/m,
  ],
  ['forwarding', /^channel \d+: open failed: administratively prohibited/m],
  ['target', /^channel \d+: open failed: connect failed/m],
  ['name', /^ssh: Could not resolve hostname/m],
  ['connect', /^ssh: connect to host /m],
];

function proxyOf(
  config: SshConfig | null,
  others: string,
  { files, root }: ConfigFiles,
): LoginFacts['proxy'] {
  const jump = config?.proxyJump?.split(',').at(-1);
  const name = jump ?? config?.proxyCommand ?? '';
  if (name === '') return { name, isJump: false, where: '', words: '', problem: '' };
  return {
    name,
    isJump: jump !== undefined,
    where: whereSet(jump === undefined ? 'ProxyCommand' : 'ProxyJump', files, root) || 'NIX_SSHOPTS',
    words: plainWords(others).trim().split('\n').slice(0, 4).join('\n').slice(0, 400),
    problem: problems.find(([, words]) => words.test(others))?.[0] ?? 'other',
  };
}
