import type { Builder, Field } from './builder.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Features } from './release.ts';
import type { Span } from './text.ts';

/** What a trap is told about an entry that Nix accepts. */
interface TrapInput {
  builder: Builder;
  features: Features;
  nixVersion: string;
}

/** A mistake that Nix accepts in silence: the column it is in, and what to say; null where it is not made. */
interface Trap {
  code: string;
  column: number;
  says: (field: string, input: TrapInput) => string | null;
}

const isSsh = ({ scheme }: Builder): boolean => scheme === 'ssh' || scheme === 'ssh-ng';
const knownSchemes = [
  'ssh',
  'ssh-ng',
  'local',
  'unix',
  'daemon',
  'auto',
  'http',
  'https',
  'file',
  's3',
  'dummy',
  'mounted-ssh-ng',
];
const knownParams = [
  ...[
    'ssh-key',
    'base64-ssh-public-host-key',
    'compress',
    'remote-program',
    'remote-store',
    'max-connections',
    'max-connection-age',
  ],
  ...[
    'log-fd',
    'store',
    'path-info-cache-size',
    'trusted',
    'priority',
    'want-mass-query',
    'system-features',
    'port',
  ],
];

/** Every trap. A new one is a row here. */
const traps: readonly Trap[] = [
  {
    code: 'doubled-scheme',
    column: 0,
    says: (uri) =>
      uri.split('://').length > 2
        ? `"${uri}" has two schemes, and ssh is given the second as part of the host name; leave one`
        : null,
  },
  {
    code: 'port-not-passed',
    column: 0,
    says: (uri, { builder, features, nixVersion }) =>
      isSsh(builder) &&
      !features.boostUrl &&
      builder.port === null &&
      /^[^[\]]*:\d+$/.test(builder.host) &&
      builder.host.split(':').length === 2
        ? `Nix ${nixVersion} knows no port in "${uri}" and asks ssh for a host called "${builder.host}"; set Port in /etc/ssh/ssh_config, or use Nix 2.31 or later`
        : null,
  },
  {
    code: 'numeric-host',
    column: 0,
    says: (_uri, { builder }) =>
      isSsh(builder) && /^\d+$/.test(builder.host)
        ? `"${builder.host}" is taken for the address 0.0.0.${builder.host}, and every build waits for it; write a host name`
        : null,
  },
  {
    code: 'unknown-scheme',
    column: 0,
    says: (uri, { builder }) =>
      knownSchemes.includes(builder.scheme) || builder.scheme === ''
        ? null
        : `Nix knows no store of the kind "${builder.scheme}:" and cannot connect to "${uri}"; write ssh-ng:// or ssh://`,
  },
  {
    code: 'local-store',
    column: 0,
    says: (uri, { builder }) =>
      builder.scheme === 'local'
        ? `"${uri}" names a folder of this machine, not a host; if a host is meant, write ssh-ng://HOST`
        : null,
  },
  {
    code: 'deadlock',
    column: 0,
    says: (_uri, { builder, features, nixVersion }) =>
      features.connectionsDeadlock &&
      builder.scheme === 'ssh-ng' &&
      Number(builder.params['max-connections'] ?? 1) > 1
        ? `max-connections above 1 makes Nix ${nixVersion} hang for ever with this builder (mended in 2.32); remove it`
        : null,
  },
  {
    code: 'unknown-parameter',
    column: 0,
    says: (_uri, { builder }) => {
      const unknown = Object.keys(builder.params).filter(
        (name) => isSsh(builder) && !knownParams.includes(name),
      );
      return unknown.length === 0
        ? null
        : `Nix knows no parameter ${unknown.map((name) => `"${name}"`).join(', ')} and goes on without; remove it`;
    },
  },
  {
    code: 'odd-system',
    column: 1,
    says: (field) => {
      const odd = field
        .split(',')
        .find((system) => system !== '' && !/^[A-Za-z0-9_]+(-[A-Za-z0-9_]+)+$/.test(system));
      return odd === undefined
        ? null
        : `"${odd}" is no system that a derivation asks for, so nothing is ever built there for it; write e.g. x86_64-linux`;
    },
  },
  {
    code: 'relative-key',
    column: 2,
    says: (path, { features }) => {
      if (path.startsWith('/')) return null;
      return features.absoluteSshKey
        ? `the path of the key is not absolute, so Nix refuses to connect ("not an absolute path"); write it from / on`
        : `"${path}" is looked for in the folder where the daemon happens to run; write the path from / on`;
    },
  },
  {
    code: 'max-jobs-zero',
    column: 3,
    says: (_field, { builder }) =>
      builder.maxJobs === 0
        ? 'with 0 jobs the builder is never free, and builds that only it can do wait for ever; write 1 or more'
        : null,
  },
  {
    code: 'odd-speed',
    column: 4,
    says: (field, { builder }) => {
      if (Number.isNaN(builder.speedFactor))
        return `a speed factor of "${field}" compares with nothing: the builder is chosen only if it comes first; write a number`;
      if (!Number.isFinite(builder.speedFactor))
        return `with a speed factor of "${field}" the builder always counts as idle and gets every build; write a number`;
      return Number(field) === 0 ? 'a speed factor of 0 counts as 1; write what is meant' : null;
    },
  },
  {
    code: 'shifted-columns',
    column: 5,
    says: (field) =>
      looksLikeHostKey(field)
        ? 'a host key stands in the column of features; a column before it is missing: write "-" for each empty one'
        : null,
  },
  {
    code: 'shifted-columns',
    column: 6,
    says: (field) =>
      looksLikeHostKey(field)
        ? 'a host key stands in the column of mandatory features, so no build is ever sent there; a column before it is missing: write "-" for each empty one'
        : null,
  },
  {
    code: 'host-key-not-a-line',
    column: 7,
    says: (field) =>
      /^(ssh|ecdsa|sk)-/.test(Buffer.from(field, 'base64').toString('latin1'))
        ? null
        : 'this is not the base64 of a whole public key line, so ssh finds no key in it and refuses the host; write what `base64 -w0 /etc/ssh/ssh_host_ed25519_key.pub` prints on the builder',
  },
  {
    code: 'extra-column',
    column: 8,
    says: (field) =>
      `this and all after it is ignored ("${field}"): an entry has 8 columns; a blank inside a list often makes one too many`,
  },
];

function looksLikeHostKey(text: string): boolean {
  return /^(c3NoL|ZWNkc2|c2st|AAAA)/.test(text) || text.length > 60;
}

/** Warns of every trap in the entries that Nix accepts. */
export function warnOfTraps(
  builders: readonly Builder[],
  features: Features,
  nixVersion: string,
  diagnostics: Diagnostics,
): void {
  for (const builder of builders) {
    for (const { code, column, says } of traps) {
      const field = builder.fields[column];
      if (field === undefined || field.text === '-') continue;
      const message = says(field.text, { builder, features, nixVersion });
      if (message !== null) diagnostics.warn(spanOf(builder, field), code, message);
    }
  }
  warnOfDuplicates(builders, diagnostics);
}

/** Slot files are named by the URI alone (build-remote.cc, `openSlotLock`). */
function warnOfDuplicates(builders: readonly Builder[], diagnostics: Diagnostics): void {
  const first = new Map<string, Builder>();
  for (const builder of builders) {
    const earlier = first.get(builder.uri);
    const [field] = builder.fields;
    if (earlier === undefined) first.set(builder.uri, builder);
    else if (field !== undefined) {
      diagnostics.warn(
        spanOf(builder, field),
        'duplicate-uri',
        `line ${earlier.source.line} has the same URI, and the two share their slots: together they run no more builds than the larger of the two; join them, or set one apart with a parameter`,
      );
    }
  }
}

function spanOf({ source }: Builder, { text, line, column }: Field): Span {
  return { text, line, column, ...(source.file === undefined ? {} : { file: source.file }) };
}
