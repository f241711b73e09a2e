import { authorise, configureSshd } from './configure.ts';
import type { Fault, Lab } from './fault.ts';

const rootConfig = '/root/.ssh/config';

/** Lines of root's ssh configuration, for every host. */
const configured =
  (...lines: string[]) =>
  ({ client }: Lab): void =>
    client.host.write(rootConfig, `Host *\n${lines.map((line) => `  ${line}\n`).join('')}`);

/** The entry names this path as its key; root has no other. */
const keyColumn =
  (path: string, makes: string) =>
  async ({ client, builder }: Lab): Promise<void> => {
    client.machines(builder.line('ssh-ng', `x86_64-linux ${path} 4`));
    await client.host.sh(`mkdir -p /etc/nix/keys; mv /root/.ssh/id_ed25519* /etc/nix/keys; ${makes}`);
  };

const owner = 'only its owner knows what is meant';

/** What ssh's own debug words tell of a login, and what the path of a key leads to. */
export const loginFaults: readonly Fault[] = [
  {
    title: 'the client withholds its keys: PubkeyAuthentication no',
    breaks: configured('PubkeyAuthentication no'),
    scenario: 'connection',
    cause: 'key-withheld',
  },
  {
    title: 'the client withholds its keys: PubkeyAcceptedAlgorithms, OpenSSH 10',
    client: { nix: '2.34' },
    breaks: configured('PubkeyAcceptedAlgorithms ssh-rsa'),
    scenario: 'connection',
    cause: 'key-withheld',
  },
  {
    title: 'the client withholds its keys: PreferredAuthentications',
    breaks: configured('PreferredAuthentications password'),
    scenario: 'connection',
    cause: 'key-withheld',
  },
  {
    title: 'the server wants a password besides the key',
    builder: { sshd: { AuthenticationMethods: 'publickey,password', PasswordAuthentication: 'yes' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'second-factor',
  },
  {
    title: 'the server takes no keys',
    builder: { sshd: { PubkeyAuthentication: 'no', PasswordAuthentication: 'yes' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'server-takes-no-keys',
  },
  {
    title: 'the server lets only other users in',
    builder: { sshd: { AllowUsers: 'somebody' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'not-authorised',
    fixNotRun: 'the client is not told why it is refused; the printed look at the log tells it',
  },
  {
    title: 'sshd reads authorised keys elsewhere',
    notOn: { nixos: 'its SSH server is configured with the keys' },
    builder: { sshd: { AuthorizedKeysFile: '/etc/ssh/keys/%u' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'sshd takes longer to find the keys than a login may take',
    notOn: { nixos: 'the command would have to lie in its store' },
    breaks: async ({ builder: { host } }) => {
      host.write('/etc/ssh/slow', '#!/bin/sh\nsleep 6; cat /root/.ssh/authorized_keys\n', 0o755);
      await configureSshd(host, {
        AuthorizedKeysFile: 'none',
        AuthorizedKeysCommand: '/etc/ssh/slow',
        AuthorizedKeysCommandUser: 'root',
        LoginGraceTime: '2',
      });
    },
    scenario: 'connection',
    cause: 'login-cut-short',
  },
  {
    title: 'a ProxyCommand that answers as a web server',
    breaks: configured('ProxyCommand echo "HTTP/1.1 403 Forbidden"'),
    scenario: 'connection',
    cause: 'proxy-command-fails',
    fixNotRun: owner,
  },
  {
    title: 'a ProxyCommand that is not installed',
    breaks: configured('ProxyCommand /opt/gone %h %p'),
    scenario: 'connection',
    cause: 'proxy-command-fails',
    fixNotRun: owner,
  },
  {
    title: 'a ProxyCommand that ends with an error',
    client: { nix: '2.34' },
    breaks: configured('ProxyCommand sh -c "echo cannot reach the relay >&2; exit 3"'),
    scenario: 'connection',
    cause: 'proxy-command-fails',
    fixNotRun: owner,
  },
  {
    title: 'a ProxyCommand that says nothing',
    breaks: configured('ProxyCommand sleep 1000'),
    scenario: 'connection',
    cause: 'proxy-command-hangs',
    fixNotRun: 'only its owner knows what it should reach',
  },
  {
    title: 'a ProxyCommand that prints a page for a person and waits',
    breaks: (lab) => {
      lab.client.host.write(
        '/tmp/cloudflared',
        '#!/bin/sh\necho "A browser window should have opened at the following URL:" >&2\necho https://access.example/cli?token=x >&2\nexec sleep 900\n',
        0o755,
      );
      configured('ProxyCommand /tmp/cloudflared access ssh --hostname %h')(lab);
    },
    scenario: 'connection',
    cause: 'login-waits-for-person',
    fixNotRun: 'only a person can open the page',
  },
  {
    title: 'the server prints a page for a person and waits',
    builder: { sshd: { Banner: '/etc/ssh/banner' } },
    notOn: { nixos: 'the command would have to lie in its store' },
    breaks: async ({ builder: { host } }) => {
      host.write('/etc/ssh/banner', '# To authenticate, visit: https://login.example/a/1\n');
      host.write('/etc/ssh/waits', '#!/bin/sh\nexec sleep 900\n', 0o755);
      await configureSshd(host, {
        AuthorizedKeysFile: 'none',
        AuthorizedKeysCommand: '/etc/ssh/waits',
        AuthorizedKeysCommandUser: 'root',
      });
    },
    scenario: 'connection',
    cause: 'login-waits-for-person',
    fixNotRun: 'only a person can open the page',
  },
  {
    title: 'a jump host on which nobody listens',
    breaks: ({ client, builder }) =>
      client.host.write(rootConfig, `Host ${builder.name}\n  ProxyJump 127.0.0.1:9\n`),
    scenario: 'connection',
    cause: 'jump-host-unreachable',
    fixNotRun: owner,
  },
  {
    title: 'a jump host whose host key is not known',
    breaks: ({ client, builder }) =>
      client.host.write(
        rootConfig,
        `Host ${builder.name}\n  ProxyJump relay\nHost relay\n  HostName ${builder.host.address}\n  HostKeyAlias relay\n`,
      ),
    scenario: 'connection',
    cause: 'jump-host-key-unknown',
    fixNotRun: 'only a person can compare the keys',
  },
  {
    title: 'a jump host that refuses the login',
    breaks: ({ client, builder }) =>
      client.host.write(rootConfig, `Host ${builder.name}\n  ProxyJump nobody@${builder.host.address}\n`),
    scenario: 'connection',
    cause: 'jump-host-refuses',
    fixNotRun: 'it is the jump host that must be configured',
  },
  {
    title: 'a jump host that forwards nothing',
    builder: { sshd: { AllowTcpForwarding: 'no' } },
    breaks: ({ client, builder }) =>
      client.host.write(rootConfig, `Host ${builder.name}\n  ProxyJump ${builder.host.address}\n`),
    scenario: 'connection',
    cause: 'jump-host-forwards-nothing',
    fixNotRun: 'it is the jump host that must be configured',
  },
  {
    title: 'a jump host behind which the builder is off',
    notOn: { alpine: 'its sshd forwards nothing by default' },
    breaks: ({ client, builder }) =>
      client.host.write(rootConfig, `Host ${builder.name}\n  ProxyJump ${builder.host.address}\n  Port 9\n`),
    scenario: 'connection',
    cause: 'jump-host-cannot-reach',
    fixNotRun: 'the port is wrong on purpose',
  },
  {
    title: 'a nologin file, with PAM',
    notOn: { alpine: 'its sshd has no PAM', nixos: 'its PAM does not look for the file' },
    builder: { user: { name: 'nix', trusted: true }, sshd: { UsePAM: 'yes' } },
    breaks: ({ builder }) => builder.host.sh('echo down for maintenance > /run/nologin'),
    scenario: 'connection',
    cause: 'account-closed',
  },
  {
    title: 'an account that pam_access shuts out',
    notOn: { alpine: 'its sshd has no PAM', nixos: 'its PAM is in the configuration of its owner' },
    builder: { user: { name: 'nix', trusted: true }, sshd: { UsePAM: 'yes' } },
    breaks: ({ builder }) =>
      builder.host.sh(
        'echo "- : nix : ALL" >> /etc/security/access.conf; sed -i "1i account required pam_access.so" /etc/pam.d/sshd',
      ),
    scenario: 'connection',
    cause: 'account-refused',
    fixNotRun: 'who may log in is for its owner to say',
  },
  {
    title: 'an account that has expired',
    notOn: { alpine: 'its sshd has no PAM' },
    builder: { user: { name: 'nix', trusted: true }, sshd: { UsePAM: 'yes' } },
    breaks: ({ builder }) => shadow(builder, 'nix:*:19000:0:99999:7::19001:'),
    scenario: 'connection',
    cause: 'account-expired',
  },
  {
    title: 'a password that has expired',
    notOn: { alpine: 'its sshd has no PAM' },
    builder: { user: { name: 'nix', trusted: true }, sshd: { UsePAM: 'yes' } },
    breaks: ({ builder }) => shadow(builder, 'nix:*:0:0:99999:7:::'),
    scenario: 'handshake',
    cause: 'password-expired',
  },
  {
    title: 'an SSH server that opens no session',
    builder: { sshd: { MaxSessions: '0' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'session-refused',
  },
  {
    title: 'a login shell that ends at once',
    builder: { user: { name: 'nix', shell: '/bin/false', trusted: true } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'shell-ends-at-once',
  },
  {
    title: 'the login shell is a script with Windows line ends',
    notOn: { nixos: 'its login shells are in the store' },
    builder: { user: { name: 'nix', shell: '/home/nix/shell', trusted: true } },
    breaks: ({ builder }) =>
      builder.host.write('/home/nix/shell', '#!/bin/sh\r\nexec /bin/sh "$@"\r\n', 0o755),
    scenario: 'handshake',
    cause: 'login-shell-not-runnable',
  },
  {
    title: 'a chroot without a shell',
    builder: { sshd: { ChrootDirectory: '/run/jail' } },
    breaks: ({ builder }) => builder.host.sh('mkdir /run/jail'),
    scenario: 'handshake',
    cause: 'chroot-without-shell',
  },
  {
    title: 'a host certificate that has expired',
    breaks: (lab) => hostCertificate(lab, '-V 20200101:20200102'),
    scenario: 'connection',
    cause: 'host-certificate-invalid',
    fixNotRun: 'only the owner of the CA can sign',
  },
  ...[
    ['that has expired', '-n root -V 20200101:20200102'],
    ['that is not valid yet', '-n root -V 20900101:20910101'],
    ['for somebody else', '-n somebody'],
    ['for other addresses', '-n root -O source-address=192.0.2.0/24'],
  ].map(([title, options = '']): Fault => ({
    title: `a user certificate ${title}`,
    breaks: (lab) => userCertificate(lab, options),
    scenario: 'connection',
    cause: 'certificate-refused',
    fixNotRun: 'only the owner of the CA can sign',
  })),
  {
    title: 'a user certificate that is tied to a command',
    breaks: (lab) => userCertificate(lab, '-n root -O force-command=/bin/date'),
    scenario: 'handshake',
    cause: 'certificate-forces-command',
    fixNotRun: 'only the owner of the CA can sign',
  },
  {
    title: 'a banner that begins like an answer of the build hook',
    breaks: ({ builder: { host } }) => {
      host.write('/etc/ssh/banner', '# Authorised access only! #\n');
      return configureSshd(host, { Banner: '/etc/ssh/banner' });
    },
    scenario: 'handshake',
    cause: 'stderr-breaks-hook',
  },
  {
    title: 'StdinNull in the ssh configuration',
    breaks: configured('StdinNull yes'),
    scenario: 'ssh-config',
    cause: 'ssh-config-cuts-off',
  },
  {
    title: 'the key column names a directory',
    breaks: keyColumn('/etc/nix/keys', ':'),
    scenario: 'connection',
    cause: 'key-is-directory',
    fixNotRun: owner,
  },
  {
    title: 'the key column names the public half',
    breaks: keyColumn('/etc/nix/keys/id_ed25519.pub', ':'),
    scenario: 'connection',
    cause: 'key-is-public',
  },
  {
    title: 'the key column names an empty file',
    breaks: keyColumn('/etc/nix/empty', 'install -m 600 /dev/null /etc/nix/empty'),
    scenario: 'connection',
    cause: 'key-empty',
    fixNotRun: 'it asks the builder for a password',
  },
  {
    title: 'the key column names a file below a file',
    breaks: keyColumn('/etc/nix/keys/id_ed25519/key', ':'),
    scenario: 'connection',
    cause: 'key-out-of-reach',
    fixNotRun: owner,
  },
  {
    title: 'the key column names a key of PuTTY',
    breaks: keyColumn(
      '/etc/nix/key.ppk',
      'umask 077; printf "PuTTY-User-Key-File-3: ssh-ed25519\\nEncryption: none\\n" > /etc/nix/key.ppk',
    ),
    scenario: 'connection',
    cause: 'key-is-putty',
    fixNotRun: 'puttygen is not installed here, and the key is cut short',
  },
];

function shadow({ host }: Lab['builder'], line: string): void {
  host.write('/etc/shadow', host.read('/etc/shadow').replace(/^nix:.*$/m, line), 0o640);
}

/** The builder takes only certificates of a CA, and root has one with these options. */
async function userCertificate({ client, builder }: Lab, options: string): Promise<void> {
  await client.host.sh(
    `cd /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f ca; ssh-keygen -q -s ca -I id ${options} id_ed25519.pub`,
  );
  await authorise(builder, () => `cert-authority ${client.host.read('/root/.ssh/ca.pub').trim()}`);
}

async function hostCertificate({ client, builder }: Lab, validity: string): Promise<void> {
  await builder.host.sh(
    `cd /etc/ssh; ssh-keygen -q -t ed25519 -N "" -f ca; ssh-keygen -q -s ca -I id -h -n ${builder.name} ${validity} ssh_host_ed25519_key.pub`,
  );
  await configureSshd(builder.host, { HostCertificate: '/etc/ssh/ssh_host_ed25519_key-cert.pub' });
  client.host.write('/root/.ssh/known_hosts', `@cert-authority * ${builder.host.read('/etc/ssh/ca.pub')}`);
}
