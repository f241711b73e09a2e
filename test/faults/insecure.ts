import type { Client } from '../fleet/index.ts';
import { configure, setDaemonVariable } from './configure.ts';
import type { Fault, Lab } from './fault.ts';

const rootConfig = '/root/.ssh/config';

/** Lines of root's ssh configuration, for every host. */
const configured =
  (...lines: string[]) =>
  ({ client }: Lab): void =>
    client.host.write(rootConfig, `Host *\n${lines.map((line) => `  ${line}\n`).join('')}`);

/** NIX_SSHOPTS of the daemon's unit. */
const sshopts =
  (words: string) =>
  ({ client }: Lab): Promise<void> =>
    setDaemonVariable(client.host, 'NIX_SSHOPTS', words);

const makeSecret = (mode: string): string =>
  `nix-store --generate-binary-cache-key test-1 /etc/nix/secret /etc/nix/secret.pub; chmod ${mode} /etc/nix/secret`;

/** A setting of the client's Nix, in force. */
const clientSet =
  (...lines: string[]) =>
  ({ client }: Lab): Promise<unknown> =>
    configure(client.host, ...lines);
const builderSet =
  (...lines: string[]) =>
  ({ builder }: Lab): Promise<unknown> =>
    configure(builder.host, ...lines);

/** A key of another user, who has another one as well. */
async function aliceKey({ host }: Client): Promise<void> {
  await host.sh(
    "echo 'alice:x:1700:1700::/home/alice:/bin/sh' >> /etc/passwd; mkdir -p /home/alice; mv /root/.ssh/id_ed25519 /home/alice/key; rm /root/.ssh/id_ed25519.pub; chown 1700 /home/alice/key; chmod 644 /home/alice/key",
  );
}

/** A host key that the builder does not have. */
async function otherHostKey({ client }: Lab): Promise<string> {
  const { stdout } = await client.host.sh(
    "ssh-keygen -q -t ed25519 -N '' -f /tmp/other && cut -d ' ' -f 1,2 /tmp/other.pub",
  );
  return stdout.trim();
}

const warned = { outcome: 'warn' } as const;
const onSystemd = { client: { profile: 'debian-12' } } as const;

/** Set-ups in which Nix builds, and someone else could take part. */
export const insecureFaults: readonly Fault[] = [
  {
    ...warned,
    title: 'host keys are not checked, and none is known',
    builder: { trusted: false },
    breaks: configured('StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null'),
    scenario: 'host-key-checking',
    cause: 'host-key-unchecked',
  },
  {
    ...warned,
    title: 'host keys are not checked, though one is known',
    breaks: configured('StrictHostKeyChecking off'),
    scenario: 'host-key-checking',
    cause: 'host-key-unchecked',
  },
  {
    ...warned,
    title: 'host keys are not checked, and another one is known',
    builder: { trusted: false },
    breaks: async (lab) => {
      const other = await otherHostKey(lab);
      lab.client.host.write('/root/.ssh/known_hosts', `${lab.builder.name} ${other}\n`);
      configured('StrictHostKeyChecking no')(lab);
    },
    scenario: 'host-key-checking',
    cause: 'host-key-changed-unchecked',
  },
  {
    ...warned,
    title: 'host keys are not checked, and the entry pins another one',
    builder: { trusted: false },
    breaks: async (lab) => {
      const pinned = Buffer.from(`${await otherHostKey(lab)}\n`).toString('base64');
      lab.client.machines(lab.builder.line('ssh-ng', `x86_64-linux - 4 1 - - ${pinned}`));
      configured('StrictHostKeyChecking no')(lab);
    },
    scenario: 'host-key-checking',
    cause: 'host-key-changed-unchecked',
  },
  {
    ...warned,
    title: 'every new host key is taken, and forgotten',
    builder: { trusted: false },
    breaks: configured('StrictHostKeyChecking accept-new', 'UserKnownHostsFile /dev/null'),
    scenario: 'host-key-checking',
    cause: 'host-key-on-first-use',
  },
  {
    ...warned,
    ...onSystemd,
    title: 'NIX_SSHOPTS of the daemon has host keys not checked',
    builder: { trusted: false },
    breaks: sshopts('-oStrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -oServerAliveInterval=9'),
    scenario: 'host-key-checking',
    cause: 'host-key-unchecked-by-sshopts',
  },
  {
    ...warned,
    title: 'the agent is forwarded',
    client: { nix: '2.34' },
    breaks: configured('ForwardAgent yes'),
    scenario: 'agent-forwarding',
    cause: 'agent-forwarded',
  },
  {
    ...warned,
    ...onSystemd,
    title: 'NIX_SSHOPTS of the daemon forwards the agent',
    breaks: sshopts('-A'),
    scenario: 'agent-forwarding',
    cause: 'agent-forwarded-by-sshopts',
  },
  {
    ...warned,
    title: 'the private key belongs to another user and is open to all',
    breaks: async ({ client, builder }) => {
      await aliceKey(client);
      client.machines(builder.line('ssh-ng', 'x86_64-linux /home/alice/key 4'));
    },
    scenario: 'key-exposed',
    cause: 'key-exposed',
  },
  {
    ...warned,
    title: 'the client trusts every user',
    breaks: clientSet('trusted-users = root @wheel *'),
    scenario: 'client-trust',
    cause: 'client-trusts-everybody',
  },
  {
    ...warned,
    title: 'the builder trusts every user',
    builder: { user: { name: 'nix' } },
    breaks: builderSet('extra-trusted-users = *'),
    scenario: 'builder-trust',
    cause: 'builder-trusts-everybody',
  },
  {
    ...warned,
    title: 'the client takes unsigned packages',
    breaks: clientSet('require-sigs = false'),
    scenario: 'client-signatures',
    cause: 'client-takes-unsigned',
  },
  {
    ...warned,
    title: 'the builder takes unsigned packages',
    breaks: builderSet('require-sigs = false'),
    scenario: 'builder-signatures',
    cause: 'builder-takes-unsigned',
  },
  {
    ...warned,
    title: 'the secret key of the client is open to all',
    breaks: async (lab) => {
      await lab.client.host.sh(makeSecret('644'));
      await clientSet('secret-key-files = /etc/nix/secret')(lab);
    },
    scenario: 'client-signing-keys',
    cause: 'client-signing-key-open',
  },
  {
    ...warned,
    title: 'the secret key of the builder is open to all',
    breaks: async (lab) => {
      await lab.builder.host.sh(makeSecret('644'));
      await builderSet('secret-key-files = /etc/nix/secret')(lab);
    },
    scenario: 'builder-signing-keys',
    cause: 'builder-signing-key-open',
  },
  ...(['client', 'builder'] as const).map((side): Fault => ({
    ...warned,
    title: `the secret key of the ${side} lies in the store`,
    breaks: async (lab) => {
      const { host } = lab[side];
      await host.sh(makeSecret('600'));
      const { stdout } = await host.sh('nix-store --add /etc/nix/secret');
      await configure(host, `secret-key-files = ${stdout.trim()}`);
    },
    scenario: `${side}-signing-keys`,
    cause: `${side}-signing-key-in-store`,
  })),
  ...(['client', 'builder'] as const).map((side): Fault => ({
    title: `the ${side} builds without a sandbox`,
    [side]: { nixConf: { sandbox: 'false' } },
    breaks: () => undefined,
    outcome: 'advice',
    scenario: `${side}-sandbox`,
    cause: `${side}-sandbox-off`,
  })),
];
