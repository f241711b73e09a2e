import { isIP } from 'node:net';
import { thisUser } from '../system/this-user.ts';
import type { Json } from '../scenario/observation.ts';
import type { Builder } from '../machines/builder.ts';
import { TransportError } from '../transport/transport.ts';
import { optionsIn, type SshConfig } from '../ssh/effective-config.ts';
import { hiddenFrom, whatHides } from '../nix/hidden-files.ts';
import { insecureIn } from '../ssh/insecure-options.ts';
import { keysOpenToOthers } from '../system/world-readable.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { lookForSsh } from '../ssh/program.ts';
import { configFiles, valueSet, whereSet } from '../ssh/option-source.ts';
import { filesOfSsh } from '../ssh/files.ts';

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
        return { ok: false as const, exitCode: 127, stderr: error.message, timedOut: false };
      throw error;
    });
    if (!asked.ok) {
      const { exitCode, stderr, timedOut = false } = asked;
      return { exitCode, stderr, timedOut, value: { ...badOption(stderr), ssh: whyNotRun(asked, context) } };
    }
    const { config } = asked;
    const hidden = hiddenFrom(ssh.place, filesOfSsh(config, ssh.env));
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
        hiddenFromDaemon: hidden.join(' '),
        hiddenBy: { ...whatHides(context.client.unitOptions, hidden) },
        ...fromConfiguration(config, builder, {
          root: ssh.place.root,
          nixSshOpts: ssh.env['NIX_SSHOPTS'] ?? '',
        }),
        localCommand: localCommandOf(ssh.place.root),
        controlMaster: raw('controlmaster'),
        controlPath: raw('controlpath'),
        permitLocalCommand: raw('permitlocalcommand'),
        remoteCommand: raw('remotecommand'),
        requestTty: raw('requesttty'),
        // ssh closes its standard input for these, or starts no program.
        cutsOff: [
          ...(isOn(raw('stdinnull')) ? ['StdinNull'] : []),
          ...(raw('sessiontype') === 'none' ? ['SessionType none'] : []),
        ].join(' and '),
        connectTimeout: raw('connecttimeout'),
        serverAliveInterval: raw('serveraliveinterval'),
        strictHostKeyChecking: raw('stricthostkeychecking'),
        // A KnownHostsCommand may print one.
        hostKeyNoted:
          (await ssh.knownHost(config)).entries.length > 0 ||
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
  { root, nixSshOpts }: { root: string; nixSshOpts: string },
): Record<'hostnameFrom' | 'portFrom' | 'userFrom', string> {
  const from = (option: string, isChanged: boolean): string => {
    const where = isChanged ? whereSet(option, configFiles(), root) : '';
    return where === '' ? '' : `${option} in ${where}`;
  };
  return {
    hostnameFrom: from('HostName', hostname.toLowerCase() !== builder.host.toLowerCase()),
    // Words of the command line come before every file.
    portFrom: namesPort.test(nixSshOpts)
      ? 'Port in NIX_SSHOPTS'
      : from('Port', port !== (builder.port ?? 22)),
    userFrom: from('User', builder.user === '' && user !== thisUser().username),
  };
}

/** What the files set: newer versions of Nix give ssh a command of their own, which comes before it. */
function localCommandOf(root: string): string {
  const files = configFiles();
  return isOn(valueSet('PermitLocalCommand', files, root).toLowerCase())
    ? valueSet('LocalCommand', files, root).replace(/^none$/, '')
    : '';
}

const namesPort = /(^|\s)-(p|o\s*Port[=\s])\s*\d/i;

function isOn(value: string): boolean {
  return ['yes', 'true'].includes(value);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'none';
}

/** Where ssh was not started (nsenter ends with 126 or 127, a shell too). */
function whyNotRun(
  { exitCode, stderr }: { exitCode: number | null; stderr: string },
  { client }: ProbeContext,
): Json {
  if (exitCode !== 127 && !/^nsenter: failed to execute /m.test(stderr))
    return { blocked: '', elsewhere: '' };
  const { by, ...found } = lookForSsh(client.environment.env, client.unitOptions);
  return { ...found, by: { ...by } };
}

/** The file that ssh refuses, and the option in it where one is why; empty where it was something else. */
function badOption(stderr: string): { badFile: string; badOption: string } {
  const [, file = '', option = ''] = /^(\S+): line \d+: Bad configuration option: (\S+)/m.exec(stderr) ?? [];
  const [, refused = ''] = /^Bad owner or permissions on (\S+)/m.exec(stderr) ?? [];
  return { badFile: file === '' ? refused : file, badOption: option };
}
