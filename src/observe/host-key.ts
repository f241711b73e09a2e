import { dirname } from 'node:path';
import type { Json } from '../scenario/observation.ts';
import { fingerprintOf, type OfferedHostKey, offeredHostKey } from '../transport/host-key.ts';
import { compareHostKey, lookupKnownHosts } from '../transport/known-hosts.ts';
import { TransportError } from '../transport/transport.ts';
import { CannotObserve, doesNotApply, type Probe, sshOf } from './probe.ts';

/** The host key that the builder offers, beside the one that the entry pins and those that ssh knows. */
export const hostKey: Probe = {
  name: 'host-key',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const asked = await ssh.config(context.signal);
    if (!asked.ok) return { exitCode: asked.exitCode, stderr: asked.stderr, value: null };
    const { config } = asked;
    const pinnedFile = await ssh.pinnedKnownHosts();
    // With a pinned key Nix's own file takes the place of the user's; the system's are read all the same.
    const files =
      pinnedFile === null
        ? [...config.userKnownHostsFiles, ...config.globalKnownHostsFiles]
        : [pinnedFile, ...config.globalKnownHostsFiles];
    const name = config.hostKeyAlias ?? config.hostname;
    const entries = lookupKnownHosts(files, name, config.hostKeyAlias === undefined ? config.port : 22);
    const pinned = pinnedKey(builder.publicHostKey);
    const types = [...(pinned === null ? [] : [pinned.type]), ...entries.map(({ type }) => type)];
    const offered = await offeredHostKey({
      host: config.hostname,
      port: config.port,
      types: [...new Set(types)],
      timeoutMs: context.timeoutMs,
      signal: context.signal,
      kept: ssh.kept,
    }).catch((error: unknown) => {
      // The real ssh may well share one.
      if (error instanceof TransportError && error.reason === 'no-common-algorithm')
        throw new CannotObserve(doesNotApply, `left to the login: ${error.message}`);
      if (error instanceof TransportError && error.phase === 'connect' && error.reason !== 'cancelled')
        return error.message;
      throw error;
    });
    if (typeof offered === 'string') return { value: { notOffered: offered } };
    const status = compareHostKey(entries, offered);
    const [entry] = entries;
    const strict = config.raw['stricthostkeychecking']?.[0] ?? 'ask';
    const file = pinnedFile ?? config.userKnownHostsFiles[0] ?? '';
    const lookupName =
      config.hostKeyAlias === undefined && config.port !== 22 ? `[${name}]:${config.port}` : name;
    return {
      value: {
        notOffered: '',
        offered: describe(offered, lookupName),
        pinned: {
          given: builder.publicHostKey !== '',
          readable: pinned !== null,
          type: pinned?.type ?? '',
          fingerprint: pinned === null ? '' : fingerprintOf(pinned.key),
          same: pinned?.key === offered.key,
        },
        known: {
          status,
          // Someone told ssh to ask no questions: not wise, but then Nix does connect.
          accepted:
            status === 'match' ||
            status === 'vouched' ||
            (status === 'unknown' && ['no', 'off', 'false', 'accept-new'].includes(strict)),
          name: lookupName,
          file: entry?.file ?? file,
          folder: dirname(entry?.file ?? file),
          where: entry === undefined ? '' : `${entry.file}:${entry.line}`,
          strictHostKeyChecking: strict,
        },
      },
    };
  },
};

function describe({ type, key, fingerprint }: OfferedHostKey, name: string): Record<string, Json> {
  return {
    type,
    fingerprint,
    line: `${name} ${type} ${key}`,
    column: Buffer.from(`${type} ${key}\n`).toString('base64'),
  };
}

/** The key inside the eighth column, or null where it is not the base64 of a public key line. */
function pinnedKey(column: string): { type: string; key: string } | null {
  const [type = '', key = ''] = Buffer.from(column, 'base64').toString('utf8').trim().split(/\s+/);
  return /^(ssh|ecdsa|sk)-/.test(type) && key !== '' ? { type, key } : null;
}
