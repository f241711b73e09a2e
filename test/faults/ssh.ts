import { authorise } from './configure.ts';
import type { Fault, Lab } from './fault.ts';

const key = '/etc/nix/key';

/** The client's key under another name, which the entry names. */
async function ownKey({ client, builder }: Lab, then: string): Promise<void> {
  client.machines(builder.line('ssh-ng', `x86_64-linux ${key} 4`));
  await client.host.sh(`mv /root/.ssh/id_ed25519 ${key}; rm /root/.ssh/id_ed25519.pub; ${then}`);
}

export const sshFaults: readonly Fault[] = [
  {
    title: 'a host key that root does not know',
    builder: { trusted: false },
    breaks: () => undefined,
    scenario: 'host-key',
    cause: 'host-key-unknown',
  },
  {
    title: 'a host key that root does not know, on a port of its own',
    notOn: { 'debian-12': 'its Nix is older than 2.31' },
    client: { nix: '2.34' },
    builder: { trusted: false, port: 2222 },
    breaks: ({ client, builder }) => client.machines(`ssh-ng://root@${builder.name}:2222 x86_64-linux - 4`),
    scenario: 'host-key',
    cause: 'host-key-unknown',
  },
  {
    title: 'the builder was made anew, with another host key',
    breaks: ({ builder }) => newHostKey(builder),
    scenario: 'host-key',
    cause: 'host-key-changed',
  },
  {
    title: 'the host key is revoked',
    breaks: ({ client, builder }) =>
      client.host.write('/root/.ssh/known_hosts', `@revoked ${builder.name} ${builder.hostKey}\n`),
    scenario: 'host-key',
    cause: 'host-key-revoked',
    then: ['host-key-unknown'],
  },
  {
    title: 'the machines file pins an old host key',
    breaks: async ({ client, builder }) => {
      client.machines(builder.line('ssh-ng', `x86_64-linux - 4 1 - - ${builder.publicHostKey}`));
      await newHostKey(builder);
    },
    scenario: 'matching-keys',
    cause: 'host-key-changed',
  },
  {
    title: 'the pinned host key is encoded once too few',
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh-ng', `x86_64-linux - 4 1 - - ${builder.hostKey.split(' ')[1]}`)),
    scenario: 'matching-keys',
    cause: 'host-key-encoded-wrong',
  },
  {
    title: 'the pinned host key is encoded once too few, Nix 2.34 over ssh',
    client: { nix: '2.34' },
    builder: { nix: '2.34' },
    breaks: ({ client, builder }) =>
      client.machines(builder.line('ssh', `x86_64-linux - 4 1 - - ${builder.hostKey.split(' ')[1]}`)),
    scenario: 'matching-keys',
    cause: 'host-key-encoded-wrong',
  },
  {
    title: 'no key exchange in common',
    builder: { sshd: { KexAlgorithms: 'diffie-hellman-group1-sha1' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'no-common-algorithm',
    fixNotRun: 'it is for the owner to say which algorithms the server may use',
  },
  {
    title: 'the private key can be read by others',
    breaks: (lab) => ownKey(lab, `chmod 644 ${key}`),
    scenario: 'connection',
    cause: 'key-too-open',
  },
  {
    title: 'the private key has a passphrase',
    breaks: (lab) => ownKey(lab, `ssh-keygen -q -p -P '' -N secret -f ${key}`),
    scenario: 'connection',
    cause: 'key-passphrase',
    answer: 'secret',
  },
  {
    title: 'the private key lacks its last line end',
    breaks: (lab) => ownKey(lab, `k=$(cat ${key}); printf %s "$k" > ${key}`),
    scenario: 'connection',
    cause: 'key-corrupt',
  },
  {
    title: 'the private key has Windows line ends and lacks the last',
    breaks: (lab) => ownKey(lab, `sed -i 's/$/\\r/' ${key}; k=$(cat ${key}); printf %s "\${k%?}" > ${key}`),
    scenario: 'connection',
    cause: 'key-corrupt',
  },
  {
    title: 'the private key does not exist',
    breaks: (lab) => ownKey(lab, `rm ${key}`),
    scenario: 'connection',
    cause: 'key-missing',
    then: ['not-authorised'],
  },
  {
    title: 'root has no key at all',
    breaks: ({ client }) => client.host.sh('rm /root/.ssh/id_*'),
    scenario: 'connection',
    cause: 'no-key',
    then: ['not-authorised'],
  },
  {
    title: 'the key is not authorised for root',
    breaks: ({ builder }) => authorise(builder, () => null),
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'the key is not authorised for another user',
    builder: { user: { name: 'nix', trusted: true } },
    breaks: ({ builder }) => authorise(builder, () => null),
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'the key is authorised from elsewhere only',
    breaks: ({ builder }) => authorise(builder, (key) => `from="203.0.113.9" ${key}`),
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'the authorisation has expired',
    breaks: ({ builder }) => authorise(builder, (key) => `expiry-time="20200101" ${key}`),
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'the folder of the authorised keys can be written by others',
    notOn: { nixos: 'keys are in /etc/ssh/authorized_keys.d there' },
    breaks: ({ builder }) => builder.host.sh('chmod 777 /root/.ssh'),
    scenario: 'connection',
    cause: 'not-authorised',
  },
  {
    title: 'root may not log in',
    builder: { sshd: { PermitRootLogin: 'no' } },
    breaks: () => undefined,
    scenario: 'connection',
    cause: 'not-authorised',
    fixNotRun: 'whether root may log in is for the owner to say; the printed look at the log tells it',
  },
  {
    title: 'ssh offers so many keys that the server hangs up',
    notOn: { nixos: 'its newer OpenSSH does not count keys that are only offered' },
    breaks: ({ client }) =>
      client.host.sh(
        'cd /root/.ssh; for n in 1 2 3 4 5 6 7; do ssh-keygen -q -t ed25519 -N "" -f key$n; echo IdentityFile ~/.ssh/key$n; done > config; echo IdentityFile ~/.ssh/id_ed25519 >> config',
      ),
    scenario: 'connection',
    cause: 'too-many-keys',
  },
];

async function newHostKey({ host }: Lab['builder']): Promise<void> {
  await host.stopSshd();
  await host.sh("rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key");
  await host.startSshd();
}
