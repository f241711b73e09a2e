import { notOnAny, type Fault, type Lab } from './fault.ts';

/** Lines of root's ssh configuration, for every host. */
const configured =
  (...lines: string[]) =>
  ({ client }: Lab): void =>
    client.host.write('/root/.ssh/config', `Host *\n${lines.map((line) => `  ${line}\n`).join('')}`);

/** An option of root's ssh configuration that ends the connection. */
const stops = (line: string, more: Partial<Fault> = {}): Fault => ({
  title: `${line} in the ssh configuration`,
  breaks: configured(line),
  scenario: 'connection',
  cause: 'client-option-stops-ssh',
  ...more,
});

const tunnels = configured('Tunnel yes', 'ExitOnForwardFailure yes');
const owner = { fixNotRun: 'only its owner knows what is meant' };

/** What the client's own ssh configuration and the third column of the entry do to a login. */
export const clientSshFaults: readonly Fault[] = [
  stops('BindAddress 10.9.9.9'),
  stops('Ciphers 3des-cbc'),
  stops('HostKeyAlgorithms ssh-rsa', { client: { nix: '2.34' } }),
  stops('AddressFamily inet6'),
  stops('KnownHostsCommand /bin/false', { notOn: { nixos: 'it has no /bin/false' } }),
  stops('RevokedHostKeys /etc/ssh/gone'),
  {
    title: 'ControlPath lies in a folder that does not exist',
    breaks: configured('ControlMaster auto', 'ControlPath /root/.ssh/gone/%C'),
    scenario: 'connection',
    cause: 'control-path-unusable',
  },
  {
    title: 'ControlPath is longer than the name of a socket',
    breaks: configured('ControlMaster auto', `ControlPath /root/.ssh/${'x'.repeat(120)}`),
    scenario: 'connection',
    cause: 'control-path-too-long',
  },
  {
    title: 'SessionType none in the ssh configuration',
    breaks: configured('SessionType none'),
    scenario: 'ssh-config',
    cause: 'ssh-config-cuts-off',
  },
  {
    title: 'a command in the ssh configuration does not end',
    breaks: configured('Match exec "sleep 1000"'),
    scenario: 'ssh-config',
    cause: 'ssh-config-hangs',
    fixNotRun: 'only its owner knows what the command is for',
  },
  {
    title: 'CanonicalizeHostname with domains that do not have the name',
    breaks: configured(
      'CanonicalizeHostname always',
      'CanonicalDomains example.invalid',
      'CanonicalizeFallbackLocal no',
    ),
    scenario: 'ssh-config',
    cause: 'canonical-name-unknown',
  },
  {
    title: 'HostName adds a domain that does not exist',
    breaks: configured('HostName %h.example.invalid'),
    scenario: 'dns',
    cause: 'hostname-option-wrong',
  },
  {
    title: 'the ssh configuration names a port on which nothing listens',
    breaks: configured('Port 2222'),
    scenario: 'tcp',
    cause: 'port-wrong',
  },
  {
    title: 'the entry names a port on which nothing listens, Nix 2.34',
    notOn: { 'debian-12': 'its Nix is older, and takes the port for a part of the name' },
    client: { nix: '2.34' },
    breaks: ({ client, builder }) => client.machines(`ssh-ng://root@${builder.name}:2222 x86_64-linux - 4`),
    scenario: 'tcp',
    cause: 'port-wrong',
  },
  {
    title: 'the ssh configuration names another user than the entry means',
    breaks: (lab) => {
      configured('User git')(lab);
      lab.client.machines(`ssh-ng://${lab.builder.name} x86_64-linux - 4`);
    },
    scenario: 'connection',
    cause: 'user-option-refused',
    ...owner,
  },
  {
    title: 'the ssh configuration names a key that does not exist',
    breaks: configured('IdentityFile /etc/nix/gone', 'IdentitiesOnly yes'),
    scenario: 'connection',
    cause: 'key-withheld',
  },
  stops('Tunnel yes', {
    notOn: notOnAny(
      'a client has no device for tunnels there, which is the next row',
      'alpine',
      'debian-12',
      'debian-sid',
      'nixos',
    ),
    breaks: tunnels,
    scenario: 'handshake',
  }),
  {
    ...stops('Tunnel yes'),
    title: 'Tunnel yes in the ssh configuration, and no device for tunnels',
    breaks: async (lab) => {
      await lab.client.host.sh('[ ! -e /dev/net ] || mount -t tmpfs tmpfs /dev/net');
      tunnels(lab);
    },
  },
  {
    title: 'known_hosts is a folder',
    breaks: ({ client }) => client.host.sh('rm -f /root/.ssh/known_hosts; mkdir /root/.ssh/known_hosts'),
    scenario: 'host-key',
    cause: 'known-hosts-is-folder',
  },
  {
    title: 'host keys are looked for in no file',
    breaks: configured('UserKnownHostsFile none'),
    scenario: 'host-key',
    cause: 'known-hosts-discarded',
  },
  {
    title: 'host keys are looked for in /dev/null',
    breaks: configured('UserKnownHostsFile /dev/null', 'StrictHostKeyChecking yes'),
    scenario: 'host-key',
    cause: 'known-hosts-discarded',
  },
  {
    title: 'LocalCommand prints something, before Nix 2.15',
    notOn: { nixos: 'its Nix is newer' },
    breaks: configured('PermitLocalCommand yes', 'LocalCommand echo connected to %h'),
    scenario: 'local-to-remote-build',
    cause: 'local-command-prints',
  },
  {
    title: 'the key column holds a variable',
    notOn: { nixos: 'its newer Nix refuses the path itself' },
    breaks: async ({ client, builder }) => {
      await client.host.sh('mv /root/.ssh/id_ed25519 /root/.ssh/builder; rm /root/.ssh/id_ed25519.pub');
      client.machines(builder.line('ssh-ng', 'x86_64-linux $HOME/.ssh/builder 4'));
    },
    scenario: 'connection',
    cause: 'key-path-relative',
  },
];
