import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveInside } from '../../../../src/transport/resolve-inside.ts';
import type { HostSpec } from '../../profile.ts';

/** Settings of nix.conf whose option is a list. */
const listSettings = new Set([
  ...['trusted-users', 'allowed-users', 'system-features', 'substituters', 'trusted-substituters'],
  ...[
    'trusted-public-keys',
    'experimental-features',
    'extra-platforms',
    'sandbox-paths',
    'extra-sandbox-paths',
  ],
]);
/** Options of sshd_config whose option of NixOS is a list, and what separates them. */
const listOptions: Readonly<Record<string, string>> = {
  ...{ Ciphers: ',', Macs: ',', KexAlgorithms: ',' },
  ...{ AllowUsers: ' ', DenyUsers: ' ', AllowGroups: ' ', DenyGroups: ' ' },
};
const stringOptions = new Set(['PermitRootLogin', 'GatewayPorts']);

/** A value as Nix reads it; what the text means that nix.conf or sshd_config has for it. */
function nixText(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('${', '\\${');
  if (typeof value === 'object') return `[ ${value.map(nixText).join(' ')} ]`;
  return String(value);
}

/** What stands in a NixOS configuration for a line of nix.conf. */
export function nixSetting(name: string, value: string): string {
  const words = value.split(/\s+/).filter((word) => word !== '');
  const typed = listSettings.has(name)
    ? `lib.mkForce ${nixText(words)}`
    : nixText(/^(true|false)$/.test(value) ? value === 'true' : /^\d+$/.test(value) ? Number(value) : value);
  return `nix.settings.${name} = ${typed};`;
}

/** What stands in a NixOS configuration for a line of sshd_config. */
export function sshdOption(name: string, value: string | readonly string[]): string {
  const option = name === 'MACs' ? 'Macs' : name === 'UseDNS' ? 'UseDns' : name;
  const separator = listOptions[option];
  if (typeof value !== 'string' || name === 'Match')
    return `services.openssh.extraConfig = ${nixText(
      [value]
        .flat()
        .map((one) => `${name} ${one}\n`)
        .join(''),
    )};`;
  if (separator !== undefined)
    return `services.openssh.settings.${option} = ${nixText(value.split(separator))};`;
  const flag = /^(yes|no)$/.test(value) && !stringOptions.has(option);
  return `services.openssh.settings.${option} = ${nixText(flag ? value === 'yes' : value)};`;
}

/** The part of a host's configuration that its test asks for. */
export function hostConfiguration({ name, address, nixConf, sshd, user }: HostSpec): string {
  const settings: Record<string, string> = { substituters: '', ...nixConf };
  const keys = nixText(sshd === null ? [] : [sshd.authorised]);
  const trusted = [...(user?.trusted === true ? [user.name] : [])];
  const lines = [
    `networking.hostName = ${nixText(name)};`,
    ...Object.entries(settings).map(([key, value]) => nixSetting(key, value)),
    ...(settings['trusted-users'] === undefined ? [`nix.settings.trusted-users = ${nixText(trusted)};`] : []),
    ...(sshd === null
      ? ['nix.distributedBuilds = true;']
      : [
          'services.openssh.enable = true;',
          'services.openssh.hostKeys = [ { type = "ed25519"; path = "/etc/ssh/ssh_host_ed25519_key"; } ];',
          `services.openssh.ports = [ ${sshd.port} ];`,
          `services.openssh.listenAddresses = [ { addr = ${nixText(address)}; port = ${sshd.port}; } ];`,
          `users.users.root.openssh.authorizedKeys.keys = ${keys};`,
          ...Object.entries(sshd.options).map(([key, value]) => sshdOption(key, value)),
        ]),
    ...(user === undefined
      ? []
      : [
          `users.users.${user.name} = { isNormalUser = true; shell = ${nixText(user.shell)}; openssh.authorizedKeys.keys = ${keys}; };`,
        ]),
  ];
  const options = [...new Set(lines.map((line) => line.slice(0, line.indexOf(' ='))))];
  // An option stands once in a file.
  const once = options.map((option) => lines.findLast((line) => line.startsWith(`${option} =`)) ?? '');
  return `{ lib, ... }: {\n${once.map((line) => `  ${line}\n`).join('')}}\n`;
}

/**
 * Adds a snippet, as the doctor prints it, to the host's configuration. It counts from the next nixos-rebuild. A snippet with
 * the same name is replaced.
 */
export function writeChange(host: { enter(): string[] }, snippet: string, name?: string): void {
  const folder = changes(host);
  const number = String(readdirSync(folder).length).padStart(4, '0');
  writeFileSync(join(folder, `${name ?? number}.nix`), `{ config, lib, pkgs, ... }: {\n${snippet}\n}\n`);
}

/** Takes out the snippet that was added last. */
export function removeLastChange(host: { enter(): string[] }): void {
  const folder = changes(host);
  const numbered = readdirSync(folder).filter((name) => /^\d/.test(name));
  rmSync(join(folder, numbered.sort().at(-1) ?? ''));
}

function changes(host: { enter(): string[] }): string {
  const [, init = ''] = host.enter();
  return resolveInside(`/proc/${init}/root`, '/etc/nixos/changes');
}
