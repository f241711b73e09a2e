import type { Builder } from '../machines/builder.ts';
import { isFakeSsh } from '../machines/index.ts';
import type { ClientView } from '../nix/client-view.ts';
import { blame } from '../nix/daemon-confinement.ts';
import { nixPath } from '../nix/program-path.ts';
import type { Json } from '../scenario/observation.ts';

/** What templates and `when` know of the builder. Every value is present; what an entry leaves out is empty. */
export function builderContext(builder: Builder): Record<string, Json> {
  const { source, fields: _fields, port, params, ...plain } = builder;
  return {
    ...plain,
    // A JSON document knows no infinity and no NaN, which Nix accepts.
    speedFactor: Number.isFinite(builder.speedFactor) ? builder.speedFactor : String(builder.speedFactor),
    port: port ?? 0,
    params,
    system: builder.systems[0] ?? '',
    mandatory: builder.mandatoryFeatures.join(' '),
    file: source.file ?? '',
    line: source.line,
    storeUri: storeUri(builder),
    usesSsh: usesSsh(builder),
    nixPath: nixPath(builder),
  };
}

/** What templates and `when` know of the client. */
export function clientContext(client: ClientView): Record<string, Json> {
  // A recording of an older version has none.
  const unitOptions = (client.unitOptions as ClientView['unitOptions'] | undefined) ?? [];
  return {
    hostname: client.hostname,
    user: client.user,
    isRoot: client.isRoot,
    nixVersion: client.nixVersion,
    system: client.system,
    maxJobs: client.maxJobs,
    // A recording of an older version has none.
    externalEnabled: (client.external as ClientView['external'] | undefined)?.enabled === true,
    hasNix: client.nixVersion !== '' || client.nixUnanswered,
    daemonPid: client.environment.daemonPid ?? 0,
    daemonUnit: client.environment.place.unit || 'nix-daemon.service',
    daemonNamespaces: client.environment.place.namespaces.join(' '),
    daemonTmpDir: client.environment.env['TMPDIR'] ?? '',
    daemonNetwork: { ...blame(unitOptions, 'network') },
    daemonReadOnly: { ...blame(unitOptions, 'readOnly', ['/tmp', '/nix/var/nix/current-load']) },
    daemonReach: { ...blame(unitOptions, 'reach') },
    daemonLimits: { ...blame(unitOptions, 'limits') },
    throughDaemon: client.buildsThroughDaemon,
    postBuildHook: client.postBuildHook,
    caller: client.caller,
    // A recording of an older version has none.
    os: { ...(client.os as ClientView['os'] | undefined) },
  };
}

/** True where Nix runs `ssh` for this entry: not for `localhost`, which it serves without, nor for other stores. */
export function usesSsh(builder: Builder): boolean {
  return (builder.scheme === 'ssh' || builder.scheme === 'ssh-ng') && !isFakeSsh(builder);
}

/** The store URI with the entry's key and host key put in, as the build hook completes it. */
export function storeUri(builder: Builder): string {
  if (builder.scheme !== 'ssh' && builder.scheme !== 'ssh-ng') return builder.uri;
  const [base = '', query = ''] = builder.uri.split('?', 2);
  const params = new URLSearchParams(query);
  if (builder.sshKey !== '') params.set('ssh-key', builder.sshKey);
  if (builder.publicHostKey !== '') params.set('base64-ssh-public-host-key', builder.publicHostKey);
  // Nix never reads `+` as a blank.
  const text = params.toString().replaceAll('+', '%20');
  return text === '' ? base : `${base}?${text}`;
}
