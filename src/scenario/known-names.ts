import { debian } from '../system/system.ts';

/** What templates and conditions may say of a builder. The engine gives every one of them a value. */
export const builderNames = [
  ...[
    'uri',
    'scheme',
    'host',
    'user',
    'port',
    'params',
    'systems',
    'system',
    'sshKey',
    'maxJobs',
    'speedFactor',
  ],
  ...[
    'supportedFeatures',
    'mandatoryFeatures',
    'mandatory',
    'publicHostKey',
    'entry',
    'file',
    'line',
    'storeUri',
    'usesSsh',
    'nixPath',
  ],
] as const;

/** What they may say of the client. */
export const clientNames = [
  'hostname',
  'user',
  'isRoot',
  'nixVersion',
  'system',
  'maxJobs',
  'externalEnabled',
  'hasNix',
  'daemonPid',
  'daemonUnit',
  'daemonNamespaces',
  'daemonTmpDir',
  'daemonNetwork',
  'daemonReadOnly',
  'daemonReach',
  'daemonLimits',
  'throughDaemon',
  'postBuildHook',
  'caller',
  'os',
] as const;

/** Why a scenario does not apply where one of these is false. */
export const falseInWords: Readonly<Record<string, string>> = {
  'builder.usesSsh': 'the entry is not reached by ssh',
  'client.hasNix': 'there is no Nix on this machine',
};

/** A builder and a client for `examples` that bring none of their own. */
export const exampleBuilder = {
  uri: 'ssh-ng://root@alpha',
  scheme: 'ssh-ng',
  host: 'alpha',
  user: 'root',
  port: 0,
  params: {},
  systems: ['x86_64-linux'],
  system: 'x86_64-linux',
  sshKey: '',
  maxJobs: 1,
  speedFactor: 1,
  supportedFeatures: [],
  mandatoryFeatures: [],
  mandatory: '',
  publicHostKey: '',
  entry: 'ssh-ng://root@alpha x86_64-linux',
  file: '/etc/nix/machines',
  line: 1,
  storeUri: 'ssh-ng://root@alpha',
  usesSsh: true,
  nixPath: '/nix/var/nix/profiles/default/bin',
};

export const exampleClient = {
  hostname: 'client',
  user: 'root',
  isRoot: true,
  nixVersion: '2.34.8',
  system: 'x86_64-linux',
  maxJobs: 1,
  externalEnabled: true,
  hasNix: true,
  daemonPid: 1,
  daemonUnit: 'nix-daemon.service',
  daemonNamespaces: '',
  daemonTmpDir: '',
  daemonNetwork: { says: '', undo: '' },
  daemonReadOnly: { says: '', undo: '' },
  daemonReach: { says: '', undo: '' },
  daemonLimits: { says: '', undo: '' },
  throughDaemon: true,
  postBuildHook: '',
  caller: '',
  os: { ...debian },
};
