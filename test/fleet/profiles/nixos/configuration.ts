import type { Configuration, HostSpec } from '../../profile.ts';

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
export function nixText(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('${', '\\${');
  if (typeof value === 'object') return `[ ${value.map(nixText).join(' ')} ]`;
  return String(value);
}

/** What stands in a NixOS configuration for a line of nix.conf. */
export function nixSetting(name: string, value: string): string {
  const words = value.split(/\s+/).filter((word) => word !== '');
  const typed = listSettings.has(name)
    ? // Lists are joined with those of the modules; no substituter at all takes force.
      `${name === 'substituters' ? 'lib.mkForce ' : ''}${nixText(words)}`
    : nixText(/^(true|false)$/.test(value) ? value === 'true' : /^\d+$/.test(value) ? Number(value) : value);
  return `nix.settings.${name} = ${typed};`;
}

/** What stands in a NixOS configuration for a line of sshd_config. */
export function sshdOption(name: string, value: string | readonly string[]): string {
  if (name === 'Banner' && typeof value === 'string')
    return `services.openssh.banner = builtins.readFile ${nixText(value)};`;
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
export function hostConfiguration({ name, address, nixConf, sshd, user, daemon }: HostSpec): string {
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
    ...(daemon ? [] : ['systemd.sockets.nix-daemon.wantedBy = lib.mkForce [ ];']),
    ...(user === undefined
      ? []
      : [
          `users.users.${user.name} = { isNormalUser = true; shell = ${nixText(programPath(user.shell))}; };`,
          `users.users.${user.name}.openssh.authorizedKeys.keys = ${keys};`,
        ]),
  ];
  const options = [...new Set(lines.map((line) => line.slice(0, line.indexOf(' ='))))];
  // An option stands once in a file.
  const once = options.map((option) => lines.findLast((line) => line.startsWith(`${option} =`)) ?? '');
  return `{ lib, ... }: {\n${once.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** The option that holds the keys that open an account. */
export function keysOption(user: string): string {
  return `users.users.${user}.openssh.authorizedKeys.keys`;
}

/** Where NixOS has a program that other systems have in /bin. */
function programPath(path: string): string {
  return path.replace(/^(\/usr)?\/s?bin\//, '/run/current-system/sw/bin/');
}

/** What its user writes into the configuration for a change. */
export function snippetsOf(change: Configuration): string[] {
  const { nix, sshd = {}, ssh, user, machines, authorised, daemonVariable } = change;
  return [
    // The module refuses what Nix cannot read, unless it is told not to look.
    ...(nix === undefined
      ? []
      : [`nix.checkConfig = false;\nnix.extraOptions = ${nixText(`${nix.join('\n')}\n`)};`]),
    ...Object.entries(sshd).map(([option, value]) => sshdOption(option, value)),
    ...(ssh === undefined ? [] : [`programs.ssh.extraConfig = ${nixText(ssh)};`]),
    ...(machines === undefined ? [] : ['nix.distributedBuilds = true;']),
    ...(authorised === undefined ? [] : [`${keysOption(authorised.user)} = ${nixText(authorised.keys)};`]),
    ...(user === undefined ? [] : [`users.users.${user}.isNormalUser = true;`]),
    ...(daemonVariable === undefined
      ? []
      : [
          `systemd.services.nix-daemon.environment.${daemonVariable.name} = ${nixText(daemonVariable.value)};`,
        ]),
  ];
}
