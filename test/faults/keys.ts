import type { Fault, Lab } from './fault.ts';

const key = '/etc/nix/key';
const alone = 'the new key is authorised with ssh-copy-id, which asks the builder for a password';

/** The entry names this key, which is root's only one; then something happens to it. */
const ownKey =
  (then: string, path = key) =>
  async ({ client, builder }: Lab): Promise<void> => {
    client.machines(builder.line('ssh-ng', `x86_64-linux ${path} 4`));
    await client.host.sh(`mv /root/.ssh/id_ed25519 ${key}; rm /root/.ssh/id_ed25519.pub; ${then}`);
  };

/** A key in a format that has no public half inside, which the builder accepts. */
async function pemKey({ client, builder }: Lab): Promise<void> {
  await ownKey(`rm ${key}; ssh-keygen -q -t rsa -m PEM -N '' -f ${key}`)({
    client,
    builder,
    args: [],
    env: {},
  });
  builder.host.write('/root/.ssh/authorized_keys', client.host.read(`${key}.pub`), 0o600);
  await client.host.sh(`ssh-keygen -q -t ed25519 -N '' -f /tmp/other; cp /tmp/other.pub ${key}.pub`);
}

const login = { scenario: 'connection' } as const;

/** What the path of a private key leads to. */
export const keyFaults: readonly Fault[] = [
  {
    ...login,
    title: 'the key is a named pipe',
    breaks: ownKey(`rm ${key}; mkfifo -m 600 ${key}`),
    cause: 'key-is-pipe',
    fixNotRun: alone,
  },
  {
    ...login,
    title: 'the key is cut off in the middle',
    breaks: ownKey(`truncate -s 200 ${key}`),
    cause: 'key-damaged',
    fixNotRun: alone,
  },
  {
    ...login,
    title: 'a line of the key is damaged',
    breaks: ownKey(`sed -i '3s/.......$/AAAAAAA/;2s/./A/5' ${key}`),
    cause: 'key-damaged',
    fixNotRun: alone,
  },
  {
    ...login,
    title: 'the key column names a certificate of X.509',
    breaks: ownKey(`printf -- '-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n' > ${key}`),
    cause: 'key-not-a-key',
    fixNotRun: alone,
  },
  {
    ...login,
    title: 'the key is one of DSA in PEM',
    breaks: ownKey(
      `printf -- '-----BEGIN DSA PRIVATE KEY-----\\nMIIB\\n-----END DSA PRIVATE KEY-----\\n' > ${key}`,
    ),
    cause: 'key-format-unsupported',
    fixNotRun: alone,
  },
  {
    ...login,
    title: 'the public half beside a PEM key is of another key',
    breaks: pemKey,
    cause: 'key-other-half',
  },
  {
    ...login,
    title: 'the client withholds its keys: IdentityFile none',
    client: { nix: '2.34' },
    breaks: ({ client }) => client.host.write('/root/.ssh/config', 'IdentityFile none\n'),
    cause: 'key-withheld',
  },
];
