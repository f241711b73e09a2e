import { dirname } from 'node:path';
import type { Builder } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import type { Json } from '../scenario/observation.ts';
import { fingerprintOf, type OfferedHostKey, offeredHostKey } from '../ssh/offered-host-key.ts';
import { compareHostKey } from '../ssh/known-hosts.ts';
import { enterNetworkWords } from '../transport/namespace-socket.ts';
import { TransportError } from '../transport/transport.ts';
import { nixProgramCommand } from '../connection/by-hand.ts';
import { acceptedHostKey, provenByLogin } from '../connection/nix-login.ts';
import { isUnchecked, type KnownHostLookup } from '../ssh/known-host-lookup.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { CannotObserve, doesNotApply } from '../support/cannot-observe.ts';
import { type SshConfig, optionsIn } from '../ssh/effective-config.ts';

/**
 * The host key that the builder offers, beside the one that the entry pins and those that ssh knows. With
 * `login: proves`, and where a login is to be made anyway and ssh takes none but keys that it knows, a login that gets
 * that far is proof enough: then `offered` is empty, and the builder is asked nothing else.
 */
export const hostKey: Probe = {
  name: 'host-key',
  parameters: ['login'],
  required: [],
  reproduce: (_parameters, context) => nixProgramCommand(sshOf(context).ssh),
  observe: async ({ login }, context) => {
    const { builder, ssh } = sshOf(context);
    const asked = await ssh.config(context.signal);
    if (!asked.ok) return { exitCode: asked.exitCode, stderr: asked.stderr, value: null };
    const { config } = asked;
    const noted = await ssh.knownHost(config);
    const pinned = pinnedKey(builder.publicHostKey);
    const proven = login === 'proves' && (await provenByLogin(ssh, context.signal, acceptedHostKey));
    const types = [...(pinned === null ? [] : [pinned.type]), ...noted.entries.map(({ type }) => type)];
    const { hostname: host, port } = config;
    const offered = proven ? null : await askForKey({ host, port, types }, context);
    if (typeof offered === 'string') return { value: { notOffered: offered } };
    const known = judge(noted, offered);
    const other = known['accepted'] === true ? '' : otherSourceOf(config);
    if (other !== '') throw new CannotObserve(doesNotApply, `left to the login: ssh asks ${other} as well`);
    return {
      value: {
        notOffered: '',
        offered: describe(offered, noted.name),
        pinned: {
          given: builder.publicHostKey !== '',
          readable: pinned !== null,
          type: pinned?.type ?? '',
          fingerprint: pinned === null ? '' : fingerprintOf(pinned.key),
          same: pinned !== null && (offered === null || pinned.key === offered.key),
          // ssh lets the login through, whatever the column says.
          counts: !isUnchecked(noted.strict),
        },
        known,
        keyMoved: offered === null ? '' : entryWithKeyMoved(builder, offered.key),
      },
    };
  },
};

function judge(
  { entries, strict, name, file, isFolder }: KnownHostLookup,
  offered: OfferedHostKey | null,
): Record<string, Json> {
  const status = offered === null ? 'match' : compareHostKey(entries, offered);
  const [entry] = entries;
  return {
    status,
    // Someone told ssh to ask no questions: not wise, but then Nix does connect.
    accepted:
      status === 'match' ||
      status === 'vouched' ||
      (status === 'unknown' && strict === 'accept-new') ||
      (status !== 'revoked' && isUnchecked(strict)),
    name,
    file: entry?.file ?? file,
    isFolder: isFolder && entry === undefined,
    folder: dirname(entry?.file ?? file),
    where: entry === undefined ? '' : `${entry.file}:${entry.line}`,
    strictHostKeyChecking: strict,
  };
}

/** What else may tell ssh a host key, which then no file holds; empty where nothing does. */
function otherSourceOf(config: SshConfig): string {
  const isSet = (option: string): boolean =>
    !['', 'none', 'no', 'false'].includes(optionsIn(config, option)[0] ?? '');
  return ['KnownHostsCommand', 'VerifyHostKeyDNS'].find(isSet) ?? '';
}

/** The key; or why there is none, where that is the server's doing. */
async function askForKey(
  { host, port, types }: { host: string; port: number; types: readonly string[] },
  context: ProbeContext,
): Promise<OfferedHostKey | string> {
  const { timeoutMs, signal } = context;
  const { greetedSocket: kept, place } = sshOf(context).ssh;
  const enter = enterNetworkWords(place);
  try {
    return await offeredHostKey({ host, port, types: [...new Set(types)], timeoutMs, signal, kept, enter });
  } catch (error) {
    // The real ssh may well share one.
    if (error instanceof TransportError && error.reason === 'no-common-algorithm')
      throw new CannotObserve(doesNotApply, `left to the login: ${error.message.split(':')[0]}`);
    if (error instanceof TransportError && error.phase === 'connect' && error.reason !== 'cancelled')
      return error.message;
    throw error;
  }
}

/** Empty texts where the host was not asked. */
function describe(offered: OfferedHostKey | null, name: string): Record<string, Json> {
  if (offered === null) return { type: '', fingerprint: '', line: '', column: '' };
  const { type, key, fingerprint } = offered;
  return {
    type,
    fingerprint,
    line: `${name} ${type} ${key}`,
    column: Buffer.from(`${type} ${key}\n`).toString('base64'),
  };
}

/** The entry with the offered key in the eighth column, where it slipped into that of features; else an empty text. */
function entryWithKeyMoved(builder: Builder, offered: string): string {
  const { supportedFeatures } = builder;
  const slipped = supportedFeatures.find((one) => pinnedKey(one)?.key === offered);
  return slipped === undefined
    ? ''
    : entryWith(builder, {
        5: supportedFeatures.filter((one) => one !== slipped).join(',') || '-',
        6: builder.mandatoryFeatures.join(',') || '-',
        7: slipped,
      });
}

/** The key inside the eighth column, or null where it is not the base64 of a public key line. */
function pinnedKey(column: string): { type: string; key: string } | null {
  const [type = '', key = ''] = Buffer.from(column, 'base64').toString('utf8').trim().split(/\s+/);
  return /^(ssh|ecdsa|sk)-/.test(type) && key !== '' ? { type, key } : null;
}
