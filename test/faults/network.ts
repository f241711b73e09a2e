import { listen, runNode } from './configure.ts';
import type { Fault, Lab } from './fault.ts';
import { loseLargePackets } from './lossy-link.ts';
import { profiles } from '../fleet/profiles/index.ts';

/** Stand-in: something that is no SSH server listens in its place. `body` is JavaScript for each connection `c`. */
async function listenInstead({ builder }: Lab, body: string): Promise<void> {
  await builder.host.stopSshd();
  await listen(builder, builder.host.port, body);
}

/** Their roots have no `ip`. */
const onlyPlain = Object.fromEntries(
  Object.keys(profiles)
    .filter((name) => name !== 'plain')
    .map((name) => [name, 'it has no programs that set up a network']),
);

export const networkFaults: readonly Fault[] = [
  {
    title: 'a name that nobody knows',
    breaks: ({ client }) => client.machines('ssh-ng://root@nobody.invalid x86_64-linux'),
    scenario: 'dns',
    cause: 'name-unknown',
    fixNotRun: 'only its owner knows the address',
  },
  {
    title: 'a name server that does not answer',
    breaks: async ({ client }) => {
      client.machines('ssh-ng://root@alpha.example x86_64-linux');
      await client.host.sh('echo nameserver 127.0.9.9 > /etc/resolv.conf');
    },
    scenario: 'dns',
    cause: 'dns-server-silent',
    fixNotRun: 'it is the name server that must be corrected',
  },
  {
    title: 'a port in the URI before Nix 2.31',
    notOn: { nixos: 'its Nix is newer' },
    builder: { port: 2222 },
    breaks: ({ client, builder }) => client.machines(`ssh-ng://root@${builder.name}:2222 x86_64-linux - 4`),
    scenario: 'dns',
    cause: 'port-in-name',
  },
  {
    title: 'the SSH server does not run',
    breaks: ({ builder }) => builder.host.stopSshd(),
    scenario: 'tcp',
    cause: 'connection-refused',
  },
  {
    title: 'nothing answers: packets are dropped',
    breaks: async (lab) => {
      await lab.builder.host.stopSshd();
      const { address, port } = lab.builder.host;
      // A queue that is full: Linux then drops whoever else knocks.
      const knock = `for (const n of [1, 2, 3]) net.connect(${port}, '${address}')`;
      // As a program that hangs: its event loop waits for ever.
      const hang = 'ready(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
      await runNode(
        lab.builder.host,
        `net.createServer().listen({ host: '${address}', port: ${port}, backlog: 1 }, () => { ${knock}; process.nextTick(() => process.nextTick(() => { ${hang} })) })`,
      );
    },
    scenario: 'tcp',
    cause: 'connection-timeout',
    fixNotRun: 'the machine must be woken, or its firewall opened',
  },
  {
    title: 'something listens and says nothing',
    breaks: (lab) => listenInstead(lab, ''),
    scenario: 'tcp',
    cause: 'port-silent',
    fixNotRun: 'only its owner knows what should listen there',
  },
  {
    title: 'a server that greets and then says no more',
    breaks: (lab) => {
      lab.args.push('--timeout', '4s');
      return listenInstead(lab, 'c.write("SSH-2.0-Stand-in\\r\\n")');
    },
    scenario: 'host-key',
    cause: 'key-exchange-stalls',
    fixNotRun: 'a stand-in listens in its place',
  },
  {
    title: 'large packets are lost on the way to the builder',
    notOn: { ...onlyPlain },
    breaks: (lab) => {
      lab.args.push('--timeout', '6s');
      return loseLargePackets(lab, { to: 1000, back: 1500 });
    },
    scenario: 'host-key',
    cause: 'key-exchange-stalls',
  },
  {
    title: 'a web server listens',
    breaks: (lab) => listenInstead(lab, 'c.end("HTTP/1.1 400 Bad Request\\r\\n\\r\\n")'),
    scenario: 'tcp',
    cause: 'not-an-ssh-server',
    fixNotRun: 'only its owner knows what should listen there',
  },
  {
    title: 'too many log in at the same time',
    notOn: {
      nixos: 'its OpenSSH has penalties, which come first',
      arm64: 'under qemu-user its sshd counts no logins',
      'bsd-tools': 'launchd starts an sshd for each connection',
    },
    builder: { sshd: { MaxStartups: '1:100:1', LoginGraceTime: '100' } },
    breaks: async ({ builder, client }) => {
      const { address, port } = builder.host;
      await runNode(
        client.host,
        `let open = 0; for (const n of [1, 2, 3]) net.connect(${port}, '${address}', () => { open += 1; if (open === 3) ready() }); setInterval(() => {}, 9000)`,
      );
    },
    scenario: 'tcp',
    cause: 'connection-throttled',
  },
  {
    title: 'logins that failed shortly before',
    notOn: { 'debian-12': 'its OpenSSH is older than PerSourcePenalties' },
    builder: { nix: '2.34' },
    breaks: async ({ builder, client }) => {
      const login = `ssh -o BatchMode=yes -o IdentitiesOnly=yes -i /root/wrong root@${builder.name} true`;
      await client.host.sh(
        `ssh-keygen -q -t ed25519 -N '' -f /root/wrong; for i in 1 2 3 4 5 6; do ${login}; done; rm /root/wrong*; true`,
      );
    },
    scenario: 'tcp',
    cause: 'connection-penalty',
    fixNotRun: 'time corrects it, and the second step only looks',
  },
];
