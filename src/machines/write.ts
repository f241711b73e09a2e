import { nixList, nixText } from './nix-text.ts';

/** A builder as an entry is written for it. */
export interface EntryToWrite {
  scheme: 'ssh' | 'ssh-ng';
  user: string;
  host: string;
  port: number | null;
  systems: readonly string[];
  /** Empty: ssh's own choice. */
  sshKey: string;
  maxJobs: number;
  speedFactor: number;
  supportedFeatures: readonly string[];
  mandatoryFeatures?: readonly string[];
  /** Base64 of a whole public key line. */
  publicHostKey: string;
}

/** `ssh-ng://root@host:2222`. */
export function storeUri({ scheme, user, host, port }: EntryToWrite): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${user === '' ? '' : `${user}@`}${bracketed}${port === null ? '' : `:${port}`}`;
}

/** The line of the machines file: eight columns, `-` for what is left to Nix. */
export function machinesLine(entry: EntryToWrite): string {
  const list = (items: readonly string[]): string => items.join(',') || '-';
  return [
    storeUri(entry),
    list(entry.systems),
    entry.sshKey || '-',
    entry.maxJobs,
    entry.speedFactor,
    list(entry.supportedFeatures),
    list(entry.mandatoryFeatures ?? []),
    entry.publicHostKey || '-',
  ].join(' ');
}

/** The same as options, which NixOS and nix-darwin share. */
export function nixOptions(entry: EntryToWrite): string {
  const { scheme, user, host, port, sshKey, publicHostKey, mandatoryFeatures = [] } = entry;
  const lines: [name: string, value: string][] = [
    ['hostName', nixText(port === null ? host : `${host}:${port}`)],
    ['protocol', nixText(scheme)],
    ...(user === '' ? [] : [['sshUser', nixText(user)] as [string, string]]),
    ...(sshKey === '' ? [] : [['sshKey', nixText(sshKey)] as [string, string]]),
    ['systems', nixList(entry.systems)],
    ['maxJobs', String(entry.maxJobs)],
    ['speedFactor', String(entry.speedFactor)],
    ['supportedFeatures', nixList(entry.supportedFeatures)],
    ...(mandatoryFeatures.length === 0
      ? []
      : [['mandatoryFeatures', nixList(mandatoryFeatures)] as [string, string]]),
    ...(publicHostKey === '' ? [] : [['publicHostKey', nixText(publicHostKey)] as [string, string]]),
  ];
  return [
    'nix.distributedBuilds = true;',
    'nix.buildMachines = [',
    '  {',
    ...lines.map(([name, value]) => `    ${name} = ${value};`),
    '  }',
    '];',
  ].join('\n');
}
