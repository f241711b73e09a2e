import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Builder } from '../machines/builder.ts';
import type { DaemonPlace } from '../transport/daemon-place.ts';
import { TransportError } from '../transport/transport.ts';
import { optionsIn, type SshConfig } from '../transport/ssh-config.ts';
import { insecureIn } from './insecure-options.ts';
import { keysOpenToOthers } from './open-files.ts';
import { type Probe, sshOf } from './probe.ts';
import { configFiles, whereSet } from './where-set.ts';

/** The ssh configuration in force for the builder, as `ssh -G` tells it with Nix's own words. */
export const sshConfig: Probe = {
  name: 'ssh-config',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const asked = await ssh.config(context.signal).catch((error: unknown) => {
      // As a shell would end.
      if (error instanceof TransportError && error.phase === 'spawn')
        return { ok: false, exitCode: 127, stderr: error.message } as const;
      throw error;
    });
    if (!asked.ok)
      return { exitCode: asked.exitCode, stderr: asked.stderr, value: { ...badOption(asked.stderr) } };
    const { config } = asked;
    const raw = (option: string): string => optionsIn(config, option)[0] ?? '';
    return {
      exitCode: 0,
      stderr: asked.stderr,
      value: {
        hostname: config.hostname,
        port: config.port,
        user: config.user,
        isAddress: isIP(config.hostname.replace(/%.*$/, '')) !== 0,
        throughJump: isSet(config.proxyJump) || isSet(config.proxyCommand),
        hostKeyAlias: config.hostKeyAlias ?? '',
        lookupName: config.hostKeyAlias ?? config.hostname,
        // Nix writes its pinned host key under the name of the machines entry.
        pinnedUnderOtherName:
          builder.publicHostKey !== '' &&
          // ssh compares host names without case.
          (config.hostKeyAlias ?? config.hostname).toLowerCase() !== builder.host.toLowerCase(),
        hiddenFromDaemon: hiddenIn(ssh.place, [...config.identityFiles, ...config.userKnownHostsFiles]).join(
          ' ',
        ),
        ...fromConfiguration(config, builder),
        localCommand: isOn(raw('permitlocalcommand')) ? raw('localcommand').replace(/^none$/, '') : '',
        controlMaster: raw('controlmaster'),
        controlPath: raw('controlpath'),
        permitLocalCommand: raw('permitlocalcommand'),
        remoteCommand: raw('remotecommand'),
        requestTty: raw('requesttty'),
        // ssh closes its standard input for these, or starts no program.
        cutsOff: [
          ...['StdinNull', 'ForkAfterAuthentication'].filter((option) => isOn(raw(option))),
          ...(raw('sessiontype') === 'none' ? ['SessionType none'] : []),
        ].join(' and '),
        connectTimeout: raw('connecttimeout'),
        serverAliveInterval: raw('serveraliveinterval'),
        strictHostKeyChecking: raw('stricthostkeychecking'),
        // A KnownHostsCommand may print one.
        hostKeyNoted:
          (await ssh.notedHost(config)).entries.length > 0 ||
          !['', 'none'].includes(raw('knownhostscommand')),
        forwardAgent: raw('forwardagent'),
        ...insecureIn(ssh.env['NIX_SSHOPTS'] ?? ''),
        openKey: keysOpenToOthers([builder.sshKey, ...config.identityFiles], ssh.place.root)[0] ?? '',
        identityFiles: config.identityFiles,
        knownHostsFiles: [...config.userKnownHostsFiles, ...config.globalKnownHostsFiles],
      },
    };
  },
};

/** `OPTION in FILE:LINE` for what the configuration has changed of the entry; empty where it is as in the entry. */
function fromConfiguration(
  { hostname, port, user }: SshConfig,
  builder: Builder,
): Record<'hostnameFrom' | 'portFrom' | 'userFrom', string> {
  const from = (option: string, isChanged: boolean): string => {
    const where = isChanged ? whereSet(option, configFiles()) : '';
    return where === '' ? '' : `${option} in ${where}`;
  };
  return {
    hostnameFrom: from('HostName', hostname.toLowerCase() !== builder.host.toLowerCase()),
    portFrom: from('Port', port !== (builder.port ?? 22)),
    userFrom: from('User', builder.user === '' && user !== userInfo().username),
  };
}

function isOn(value: string): boolean {
  return ['yes', 'true'].includes(value);
}

/** Files of this machine that the daemon does not see: its unit may hide home folders. */
function hiddenIn({ root }: DaemonPlace, files: readonly string[]): string[] {
  if (root === '') return [];
  const config = join(userInfo().homedir, '.ssh/config');
  return [config, ...files].filter((file) => existsSync(file) && !existsSync(join(root, file)));
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'none';
}

/** The file that ssh refuses, and the option in it where one is why; empty where it was something else. */
function badOption(stderr: string): { badFile: string; badOption: string } {
  const [, file = '', option = ''] = /^(\S+): line \d+: Bad configuration option: (\S+)/m.exec(stderr) ?? [];
  const [, refused = ''] = /^Bad owner or permissions on (\S+)/m.exec(stderr) ?? [];
  return { badFile: file === '' ? refused : file, badOption: option };
}
