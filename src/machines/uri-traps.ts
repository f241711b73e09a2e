import type { Builder } from './builder.ts';
import type { Features } from './release.ts';
import type { Trap } from './trap.ts';

const isSsh = ({ scheme }: Builder): boolean => scheme === 'ssh' || scheme === 'ssh-ng';

/** `ssh-ng:HOST` or `ssh-ng:/HOST`. */
function isMistyped(uri: string): boolean {
  return /^ssh(-ng)?:(?!\/\/)/.test(uri);
}

/** Stores that Nix can open (`nix help-stores`). */
const schemes = {
  thisMachine: ['local', 'unix', 'daemon', 'auto'],
  remote: ['ssh', 'ssh-ng', 'mounted-ssh-ng'],
  /** They keep results, and build nothing. */
  caches: ['http', 'https', 'file', 's3', 'dummy'],
};

const params = {
  any: ['store', 'path-info-cache-size', 'trusted', 'priority', 'want-mass-query', 'system-features'],
  ssh: [
    'ssh-key',
    'base64-ssh-public-host-key',
    'compress',
    'remote-program',
    'remote-store',
    'max-connections',
    'log-fd',
  ],
  sshNg: ['max-connection-age'],
  lix: ['port'],
};

const yesOrNo = ['compress', 'trusted', 'want-mass-query'];
const counts = ['max-connections', 'max-connection-age', 'priority', 'path-info-cache-size'];

/** As Nix reads them (config.cc: `parse` of booleans and of integers). */
function badValueIn(params: Readonly<Record<string, string>>): [name: string, value: string] | undefined {
  return Object.entries(params).find(
    ([name, value]) =>
      (yesOrNo.includes(name) && !/^(true|yes|1|false|no|0)$/.test(value)) ||
      (counts.includes(name) && !/^[+-]?\d+[KMGTkmgt]?$/.test(value)),
  );
}

function unknownParams(builder: Builder, { portParam }: Features): string[] {
  const known = [
    ...params.any,
    ...params.ssh,
    ...(builder.scheme === 'ssh-ng' ? params.sshNg : []),
    ...(portParam ? params.lix : []),
  ];
  return isSsh(builder) ? Object.keys(builder.params).filter((name) => !known.includes(name)) : [];
}

/** A URI that Nix takes and that means something else than it seems to. */
export const uriTraps: readonly Trap[] = [
  {
    code: 'doubled-scheme',
    because: 'ssh gets the second scheme as a part of the host name, which no host has.',
    stopsBuilds: 'always',
    correction: (uri) =>
      /^[a-z-]+:\/\/(?=[a-z-]+:\/\/)/.test(uri) ? uri.replace(/^[a-z-]+:\/\//, '') : null,
    column: 0,
    says: (uri) =>
      /,[a-z-]+:\/\//.test(uri)
        ? `"${uri}" joins two builders with a comma; write an entry of its own for each`
        : uri.split('://').length > 2
          ? `"${uri}" has two schemes, and ssh is given the second as part of the host name; leave one`
          : null,
  },
  {
    code: 'no-host',
    because: 'ssh gets an empty host name.',
    stopsBuilds: 'always',
    column: 0,
    says: (uri, { builder }) =>
      isSsh(builder) && builder.host === '' && !isMistyped(uri)
        ? `"${uri}" names no host, so Nix cannot connect; write ssh-ng://HOST`
        : null,
  },
  {
    code: 'path-after-host',
    because: 'ssh gets the path as a part of the host name, which no host has.',
    stopsBuilds: 'always',
    correction: (uri) =>
      /^[^/]*\/\/[^/?]*\/+(\?|$)/.test(uri) ? uri.replace(/([^/:])\/+(\?|$)/, '$1$2') : null,
    column: 0,
    says: (uri, { builder }) =>
      isSsh(builder) && builder.host.includes('/') && !isMistyped(uri) && uri.split('://').length <= 2
        ? `the path in "${uri}" becomes part of the host's name, "${builder.host}"; remove it, or write ?remote-store=`
        : null,
  },
  {
    code: 'port-not-passed',
    judgedBy: 'dns',
    because:
      'ssh gets HOST:PORT as the host name; this works only if the configuration of ssh has an alias of that name.',
    column: 0,
    says: (uri, { builder, features, release }) => {
      if (!isSsh(builder) || features.boostUrl || !/^(?:\[[^\]]*\]|[^:[\]]*):\d+$/.test(builder.host))
        return null;
      const [port] = builder.host.split(':').slice(-1);
      const advice = features.portParam
        ? `write ?port=${port ?? ''} instead`
        : 'set Port in /etc/ssh/ssh_config, or use Nix 2.31 or later';
      return `${release} knows no port in "${uri}" and asks ssh for a host called "${builder.host}"; ${advice}`;
    },
  },
  {
    code: 'numeric-host',
    judgedBy: 'tcp',
    because: 'Only an alias of that name in the configuration of ssh leads to a host.',
    column: 0,
    says: (_uri, { builder }) =>
      isSsh(builder) && /^\d+$/.test(builder.host)
        ? `"${builder.host}" is taken for the address 0.0.0.${builder.host}, and every build waits for it; write a host name`
        : null,
  },
  {
    code: 'unknown-scheme',
    because: 'Nix knows no store of that kind and ends the connection before it starts.',
    stopsBuilds: 'always',
    correction: (uri) => withoutDecoration(uri),
    column: 0,
    says: (uri, { builder: { scheme } }) =>
      scheme === '' || Object.values(schemes).some((known) => known.includes(scheme))
        ? null
        : `Nix knows no store of the kind "${scheme}:" and cannot connect to "${uri}"; write ssh-ng:// or ssh://`,
  },
  {
    code: 'not-a-builder',
    because: 'A cache runs no builds.',
    stopsBuilds: 'always',
    column: 0,
    says: (uri, { builder: { scheme } }) =>
      schemes.caches.includes(scheme)
        ? `"${uri}" is a cache, which builds nothing; put it in substituters, and write ssh-ng://HOST here`
        : null,
  },
  {
    code: 'mistyped-scheme',
    because: 'Nix takes the scheme for a part of the host name.',
    column: 0,
    stopsBuilds: 'always',
    correction: (uri) => uri.replace(/^(ssh(?:-ng)?):\/*/, '$1://'),
    says: (uri) =>
      isMistyped(uri)
        ? `"${uri}" lacks "//" after the scheme, so Nix does not find the host in it; write ssh-ng://HOST`
        : null,
  },
  {
    code: 'local-store',
    judgedBy: 'not-localhost',
    because: 'Nix builds in the store of this machine, where it may wait for itself.',
    column: 0,
    says: (uri, { builder: { scheme } }) =>
      schemes.thisMachine.includes(scheme) && !isMistyped(uri)
        ? `"${uri}" is a store on this machine, not a host; if a host is meant, write ssh-ng://HOST`
        : null,
  },
  {
    code: 'deadlock',
    because: 'Nix 2.8 to 2.31 wait for ever for the second connection.',
    stopsBuilds: 'always',
    correction: (uri) =>
      uri.replace(/([?&])max-connections=\d+(&|$)/, (_, before: string, after: string) =>
        after === '' ? '' : before,
      ),
    column: 0,
    says: (_uri, { builder, features, release }) =>
      features.connectionsDeadlock &&
      builder.scheme === 'ssh-ng' &&
      Number(builder.params['max-connections'] ?? 1) > 1
        ? `max-connections above 1 makes ${release} hang for ever with this builder (fixed in 2.32); remove it`
        : null,
  },
  {
    code: 'bad-parameter',
    stopsBuilds: 'always',
    because: 'Nix ends with an error when it reads the parameter.',
    column: 0,
    says: (_uri, { builder }) => {
      const [name, value] = isSsh(builder) ? (badValueIn(builder.params) ?? []) : [];
      return name === undefined
        ? null
        : `Nix refuses the value "${value ?? ''}" of the parameter "${name}", so it cannot connect; write ${yesOrNo.includes(name) ? 'true or false' : 'a number'}`;
    },
  },
  {
    code: 'unknown-parameter',
    because: 'Nix goes on without the parameter.',
    column: 0,
    says: (_uri, { builder, features, release }) => {
      const unknown = unknownParams(builder, features);
      return unknown.length === 0
        ? null
        : `${release} knows no parameter ${unknown.map((name) => `"${name}"`).join(', ')} and goes on without; remove it`;
    },
  },
];

/** Without a byte order mark, quotes and capitals in front, where what is left is a URI that Nix knows. */
function withoutDecoration(uri: string): string | null {
  const plain = uri
    .replace(/^[\ufeff"'“”]+/, '')
    .replace(/["'“”]+$/, '')
    .replace(/^[A-Za-z-]+(?=:\/\/)/, (scheme) => scheme.toLowerCase());
  return plain !== uri && /^ssh(-ng)?:\/\//.test(plain) ? plain : null;
}
