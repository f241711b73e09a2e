import type { BuilderOptions } from '../fleet/builder.ts';
import type { ClientOptions } from '../fleet/client.ts';
import type { Host } from '../fleet/host.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import { addKvm, configure, lacksKvm, forbidNamespaces, restartDaemon } from './configure.ts';
import type { Lab } from './fault.ts';
import { hideNix } from './nix.ts';

/** A set-up that looks odd and works: nothing of it may be called broken. */
interface Awkward {
  title: string;
  client?: ClientOptions;
  builder?: BuilderOptions;
  scheme?: 'ssh' | 'ssh-ng';
  makes?: (lab: Lab) => unknown;
  /** Scenarios that may warn; no other may. */
  warns?: readonly string[];
  /** Why this machine cannot run it. */
  lacks?: string | undefined;
}

const rootConfig = '/root/.ssh/config';
const bash = { user: { name: 'nix', shell: '/bin/bash', trusted: true } } as const;

/** A stand-in for the race, which no test can win at will: the first start of the program ends as Nix's own does then. */
async function losesFirst(host: Host, path: string, program: string, says = sameLink): Promise<void> {
  const lost = `mkdir /root/lost 2>/dev/null && { echo "error: ${says}" >&2; exit 1; }`;
  host.write(path, `#!/bin/sh\n${lost}\nexec /usr/bin/${program} "$@"\n`);
  await host.sh(`chmod 755 ${path}`);
}

const sameLink = "creating symlink '/nix/var/nix/gcroots/profiles' -> '/nix/var/nix/profiles': File exists";
const halfWritten = "'/nix/var/nix/db/schema' is corrupt";

/** The default of Debian 12: builds are in a sandbox, and nothing of the system is in it, not even /bin/sh. */
const emptySandbox = { nixConf: { sandbox: 'true', 'sandbox-paths': '' } };

const noFallback = { nixConf: { ...emptySandbox.nixConf, 'sandbox-fallback': 'false' } };

/**
 * A system account without a home, trusted as one of a group; a store that is mounted read-only; line ends of Windows in
 * nix.conf; compressed connections; and more jobs than the group nixbld has members, where Nix needs none of them.
 */
async function muchIsOdd({ client, builder: { host, name } }: Lab): Promise<void> {
  await host.sh(`mkdir -p /etc/ssh/keys /nix/store; cp /home/nix/.ssh/authorized_keys /etc/ssh/keys/nix
    chmod 644 /etc/ssh/keys/nix; echo builders:x:1700:nix >> /etc/group
    sed 's#/home/nix:#/var/empty:#' /etc/passwd > /tmp/p; cat /tmp/p > /etc/passwd
    sed -i 's/$/\\r/' /etc/nix/nix.conf
    mount --bind /nix/store /nix/store; mount -o remount,bind,ro /nix/store`);
  await restartDaemon(host);
  const jobs = host.nix === '2.34' ? 16 : 4;
  client.machines(`ssh-ng://nix@${name}?compress=true x86_64-linux - ${jobs}`);
}

const awkward: readonly Awkward[] = [
  ...(['2.8', '2.34'] as const).map((nix) => ({
    title: `a sandbox without /bin/sh on both sides, ${nix}`,
    client: { nix, ...emptySandbox },
    builder: { nix, ...emptySandbox },
  })),
  {
    title: 'a sandbox without /bin/sh on both sides, and no way around it',
    client: noFallback,
    builder: noFallback,
  },
  {
    title: 'only the daemon sees /nix writable, and the user is root',
    makes: ({ builder }) => builder.host.sh('nix-store --add /etc/hostname; mount -o remount,bind,ro /nix'),
  },
  ...(['2.8', '2.26', '2.34'] as const).map((nix) => ({
    title: `much that is odd at once, ${nix}`,
    client: { nix },
    builder: {
      nix,
      user: { name: 'nix' },
      sshd: { AuthorizedKeysFile: '/etc/ssh/keys/%u' },
      nixConf: {
        'lazy-trees': 'true',
        'auto-allocate-uids': 'true',
        'experimental-features': `nix-command parallel-eval${nix === '2.34' ? ' auto-allocate-uids' : ''}`,
        'allowed-users': 'root @builders',
        'trusted-users': 'root @builders',
      },
    },
    makes: muchIsOdd,
  })),
  {
    title: 'a path of the sandbox is gone, and Nix falls back to no sandbox',
    client: { nix: '2.34' },
    builder: { nix: '2.34', nixConf: { sandbox: 'true', 'extra-sandbox-paths': '/var/cache/ccache' } },
    makes: ({ builder }) => forbidNamespaces(builder.host),
  },
  {
    title: 'ssh goes to the background once it has logged in',
    makes: ({ client }) => client.host.write(rootConfig, 'Host *\n  ForkAfterAuthentication yes\n'),
  },
  ...(['2.8', '2.34'] as const).flatMap((nix) => {
    const user = { user: { name: 'nix', trusted: true } };
    return [
      {
        title: `nix.conf includes a file of secrets that only root may read, ${nix}`,
        client: { nix },
        builder: { nix, ...user },
        makes: async ({ builder: { host } }: Lab) => {
          await host.sh(
            'umask 077; echo "access-tokens = example.org=secret" > /etc/nix/tokens.conf; chmod 600 /etc/nix/tokens.conf',
          );
          await configure(host, '!include /etc/nix/tokens.conf');
        },
      },
      {
        title: `a folder for temporary files that is closed to the ssh user, who has a daemon, ${nix}`,
        client: { nix },
        builder: { nix, ...user },
        makes: ({ builder }: Lab) => builder.host.sh('chmod 755 /tmp'),
      },
      {
        title: `a TMPDIR that is gone, of an ssh user who has a daemon, ${nix}`,
        client: { nix },
        builder: { nix, ...user, sshd: { SetEnv: 'TMPDIR=/tmp/gone' } },
      },
      {
        title: `a builder that collects garbage at each build, ${nix}`,
        client: { nix },
        builder: { nix, nixConf: { 'min-free': '99999999999999' } },
        warns: ['builder-limits'],
      },
      {
        title: `a program for each sandbox that is gone, and no sandbox, ${nix}`,
        client: { nix },
        builder: { nix, nixConf: { 'pre-build-hook': '/etc/nix/gone' } },
      },
    ];
  }),
  {
    title: 'a full /tmp, where Nix has a folder for builds of its own',
    client: { nix: '2.34' },
    builder: { nix: '2.34' },
    makes: ({ builder }) =>
      builder.host.sh('mount -t tmpfs -o size=64k tmpfs /tmp; dd if=/dev/zero of=/tmp/x bs=1k 2>/dev/null'),
  },
  {
    title: 'a TMPDIR that is gone, where Nix has a folder for builds of its own',
    client: { nix: '2.34' },
    builder: { nix: '2.34', sshd: { SetEnv: 'TMPDIR=/tmp/gone' } },
  },
  {
    title: 'pure-eval on both sides',
    client: { nix: '2.34', nixConf: { 'pure-eval': 'true' } },
    builder: { nix: '2.34', nixConf: { 'pure-eval': 'true' } },
  },
  {
    title: 'restrict-eval on both sides',
    client: { nixConf: { 'restrict-eval': 'true' } },
    builder: { nixConf: { 'restrict-eval': 'true' } },
  },
  {
    title: 'a client without build users',
    makes: ({ client }: Lab) =>
      client.host.sh(
        "sed 's/^nixbld:x:30000:.*/nixbld:x:30000:/' /etc/group > /tmp/g; cat /tmp/g > /etc/group",
      ),
  },
  {
    title: 'a client that builds nothing itself, and a user who is not trusted',
    client: { nix: '2.34', nixConf: { 'max-jobs': '0' } },
    builder: { nix: '2.34', user: { name: 'nix' } },
    warns: ['trusted'],
  },
  {
    title: 'a banner before the login',
    builder: { sshd: { Banner: '/etc/ssh/banner' } },
    makes: ({ builder }) => builder.host.write('/etc/ssh/banner', 'Authorised use only!\n'),
  },
  {
    title: 'notices on standard error',
    builder: bash,
    makes: ({ builder }) => builder.host.sh("echo 'echo locale: C >&2' > /home/nix/.bashrc"),
  },
  {
    title: 'a device for virtual machines that only the group of the build users may open',
    lacks: lacksKvm,
    builder: { nixConf: { 'system-features': 'kvm' } },
    makes: async ({ client, builder }) => {
      client.machines(builder.line('ssh-ng', 'x86_64-linux - 4 1 kvm'));
      await addKvm(builder.host, '660', 'nixbld');
    },
  },
  {
    title: 'a start-up file sends standard error to standard output, ssh-ng',
    builder: bash,
    makes: ({ builder }) => builder.host.write('/home/nix/.bashrc', 'exec 2>&1\n'),
  },
  {
    title: 'the login may write no files, and the daemon writes them',
    builder: bash,
    makes: ({ builder }) => builder.host.write('/home/nix/.bashrc', 'ulimit -f 0\n'),
  },
  {
    title: 'files of the login are closed to everybody (umask 777)',
    builder: bash,
    makes: ({ builder }) => builder.host.write('/home/nix/.bashrc', 'umask 777\n'),
  },
  {
    title: 'the login sets NIX_STORE_DIR, which the daemon does not read',
    builder: { ...bash, sshd: { SetEnv: 'NIX_STORE_DIR=/srv/store' } },
  },
  {
    title: 'limits of the builder for builds, which do not count over ssh',
    scheme: 'ssh',
    builder: { nixConf: { timeout: '3', 'max-silent-time': '3', 'max-build-log-size': '100' } },
  },
  {
    title: 'a timeout that outlasts builds, and limits of sshd for other channels and for idle connections',
    builder: {
      sshd: {
        ForceCommand: 'timeout 2d sh -c "$SSH_ORIGINAL_COMMAND"',
        ChannelTimeout: 'session=5s x11-connection=5s',
        UnusedConnectionTimeout: '1s',
      },
    },
  },
  {
    title: 'limits of the evaluator, and hooks that are gone and that no build runs',
    client: { nix: '2.34', nixConf: { 'max-call-depth': '1' } },
    builder: {
      nix: '2.34',
      nixConf: {
        ...{ 'max-call-depth': '1', 'eval-system': 'aarch64-linux' },
        ...{ sandbox: 'true', 'pre-build-hook': '/etc/nix/gone' },
        ...{ 'run-diff-hook': 'true', 'diff-hook': '/etc/nix/gone' },
      },
    },
    makes: ({ builder }) => forbidNamespaces(builder.host),
  },
  {
    title: 'a folder for temporary files that takes few more',
    makes: ({ builder }) => builder.host.sh('mount -t tmpfs -o nr_inodes=6,mode=1777 tmpfs /tmp'),
  },
  {
    title: 'root keeps a store database of its own, which has no daemon',
    makes: ({ env }) => {
      env['NIX_STATE_DIR'] = '/srv/state';
    },
  },
  { title: 'one session at a time', builder: { sshd: { MaxSessions: '1' } } },
  {
    title: 'an alias, with HostKeyAlias',
    builder: { trusted: false },
    makes: ({ client, builder }) => {
      client.host.write(rootConfig, `Host nick\n  HostName ${builder.host.address}\n  HostKeyAlias nick\n`);
      client.machines(`ssh-ng://root@nick x86_64-linux - 4 1 - - ${builder.publicHostKey}`);
    },
  },
  {
    title: "ControlMaster in root's configuration",
    makes: ({ client }) =>
      client.host.write(rootConfig, 'Host *\n  ControlMaster auto\n  ControlPath ~/.ssh/%C\n'),
    warns: ['ssh-sharing'],
  },
  {
    title: "ControlMaster in the caller's configuration",
    makes: ({ client, env }) => {
      env['SUDO_USER'] = 'daemon';
      client.host.write('/home/daemon/.ssh/config', 'Host *\n  ControlMaster auto\n');
    },
  },
  {
    title: 'another port, told by the ssh configuration',
    builder: { port: 2222 },
    makes: ({ client, builder }) => client.host.write(rootConfig, `Host ${builder.name}\n  Port 2222\n`),
  },
  {
    title: 'a URI and nothing else',
    makes: ({ client, builder }) => client.machines(`ssh-ng://root@${builder.name}`),
  },
  {
    title: 'a host and nothing else',
    makes: ({ client, builder }) => client.machines(builder.name),
  },
  {
    title: 'many includes',
    makes: ({ client, builder }) => {
      client.machines('@/etc/nix/machines.1', '# nothing here');
      for (let n = 1; n < 20; n += 1)
        client.host.write(`/etc/nix/machines.${n}`, `@/etc/nix/machines.${n + 1}\n\n# ${n}\n`);
      client.host.write('/etc/nix/machines.20', `${builder.line()}\n`);
    },
  },
  {
    title: 'fish as the login shell',
    builder: { user: { name: 'nix', shell: '/usr/bin/fish', trusted: true } },
  },
  {
    title: 'zsh as the login shell',
    builder: { user: { name: 'nix', shell: '/usr/bin/zsh', trusted: true } },
  },
  {
    title: 'fish as the login shell, over ssh',
    scheme: 'ssh',
    builder: { user: { name: 'nix', shell: '/usr/bin/fish', trusted: true } },
  },
  {
    title: 'a key of another type',
    makes: ({ client, builder }) =>
      client.host
        .sh("ssh-keygen -q -t ecdsa -N '' -f /etc/nix/key && cat /etc/nix/key.pub")
        .then(async ({ stdout }) => {
          await builder.host.sh(`echo '${stdout.trim()}' > /root/.ssh/authorized_keys`);
          client.machines(builder.line('ssh-ng', 'x86_64-linux /etc/nix/key 4'));
        }),
  },
  {
    title: 'a command tells ssh the host key, and no file has it',
    builder: { trusted: false },
    makes: ({ client, builder }) => {
      client.host.write('/etc/ssh/keys-of-hosts', `${builder.name} ${builder.hostKey}\n`);
      client.host.write(rootConfig, 'KnownHostsCommand /bin/cat /etc/ssh/keys-of-hosts\n');
    },
  },
  {
    title: 'a certificate of the user has expired, and the key is authorised',
    makes: ({ client }) =>
      client.host.sh(
        'cd /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f ca; ssh-keygen -q -s ca -I id -n root -V 20200101:20200102 id_ed25519.pub',
      ),
  },
  {
    title: 'a restricted login shell, whose user has no home',
    builder: {
      user: { name: 'nix', shell: '/bin/rbash', trusted: true },
      sshd: { AuthorizedKeysFile: '/etc/ssh/keys' },
    },
    makes: ({ builder }) =>
      builder.host.sh(
        'cp /home/nix/.ssh/authorized_keys /etc/ssh/keys; chmod 644 /etc/ssh/keys; rm -rf /home/nix',
      ),
  },
  {
    title: 'new host keys are taken, and this one is known',
    makes: ({ client }) => client.host.write(rootConfig, 'StrictHostKeyChecking accept-new\n'),
  },
  {
    title: 'the agent is forwarded, which Nix 2.8 forbids',
    makes: ({ client }) => client.host.write(rootConfig, 'ForwardAgent yes\n'),
  },
  {
    title: 'a secret key that only root can read, and one below a closed folder',
    makes: async ({ client, builder }: Lab) => {
      const make = (name: string): string =>
        `nix-store --generate-binary-cache-key test-1 ${name} ${name}.pub`;
      await client.host.sh(`${make('/root/secret')}; chmod 644 /root/secret`);
      await builder.host.sh(`${make('/etc/nix/secret')}; chmod 600 /etc/nix/secret`);
      await configure(client.host, 'secret-key-files = /root/secret');
      await configure(builder.host, 'secret-key-files = /etc/nix/secret');
    },
  },
  {
    title: 'a hashed known_hosts file',
    makes: ({ client }) => client.host.sh('ssh-keygen -q -H -f /root/.ssh/known_hosts; rm /root/.ssh/*.old'),
  },
  {
    title: 'a host key for all users',
    makes: ({ client }) => client.host.sh('mv /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts'),
  },
  {
    title: 'the program of the builder named in the URI',
    makes: ({ client, builder }) =>
      client.machines(`ssh-ng://root@${builder.name}?remote-program=/usr/bin/nix-daemon x86_64-linux - 4`),
  },
  ...(['ssh', 'ssh-ng'] as const).map((scheme) => ({
    title: `Nix off the PATH, and its program named in the URI, ${scheme}`,
    makes: async (lab: Lab) => {
      await hideNix(lab);
      const program = scheme === 'ssh' ? 'nix-store' : 'nix-daemon';
      const uri = `${scheme}://root@${lab.builder.name}?remote-program=/usr/bin/${program}`;
      lab.client.machines(`${uri} x86_64-linux - 4`);
    },
  })),
  ...(['ssh', 'ssh-ng'] as const).map((scheme) => ({
    title: `another start of Nix made the same link of a fresh store a moment before, ${scheme}`,
    makes: async ({ client, builder }: Lab) => {
      const program = scheme === 'ssh' ? 'nix-store' : 'nix-daemon';
      await losesFirst(builder.host, '/root/loses-first', program);
      client.machines(`${scheme}://root@${builder.name}?remote-program=/root/loses-first x86_64-linux - 4`);
    },
  })),
  {
    title: 'another start of Nix had made the database of a fresh store by half',
    makes: async ({ client, builder }) => {
      await losesFirst(builder.host, '/root/loses-first', 'nix-daemon', halfWritten);
      client.machines(`ssh-ng://root@${builder.name}?remote-program=/root/loses-first x86_64-linux - 4`);
    },
  },
  {
    title: 'the first build on the client made the same link of a fresh store as another',
    makes: ({ client }: Lab) =>
      losesFirst(client.host, '/nix/var/nix/profiles/default/bin/nix-build', 'nix-build'),
  },
  {
    title: 'the first build on the builder made the same link of a fresh store as another',
    builder: { sshd: { SetEnv: 'PATH=/root/first:/usr/local/bin:/usr/bin:/bin' } },
    makes: ({ builder }: Lab) => losesFirst(builder.host, '/root/first/nix-instantiate', 'nix-instantiate'),
  },
  {
    title: 'a virtual machine behind a port of localhost',
    builder: { port: 31022, trusted: false },
    makes: ({ client, builder }) => {
      const { address } = builder.host;
      client.host.write(
        rootConfig,
        `Host localhost\n  HostName ${address}\n  Port 31022\n  HostKeyAlias vm\n`,
      );
      client.host.write('/root/.ssh/known_hosts', `vm ${builder.hostKey}\n`);
      client.machines('ssh-ng://root@localhost x86_64-linux - 4');
    },
  },
  {
    title: 'an IPv6 address',
    client: { nix: '2.34' },
    makes: async ({ client, builder }) => {
      const port = 20_000 + (process.pid % 10_000);
      await builder.host.stopSshd();
      await builder.host.sh(`echo 'ListenAddress [::1]:${port}' >> /etc/ssh/sshd_config`);
      await builder.host.startSshd();
      client.host.write('/root/.ssh/known_hosts', `[::1]:${port} ${builder.hostKey}\n`);
      client.machines(`ssh-ng://root@[::1]:${port} x86_64-linux - 4`);
    },
  },
];

const words = process.argv.slice(2);
for (const {
  title,
  client: clientOptions,
  builder: builderOptions,
  scheme,
  makes,
  warns = [],
  lacks,
} of awkward) {
  if (!words.every((word) => title.includes(word))) continue;
  withFleet(
    `healthy: ${title}`,
    async (t, fleet) => {
      const [client, builder] = await Promise.all([
        fleet.client(clientOptions),
        fleet.builder(builderOptions),
      ]);
      const lab: Lab = { client, builder, args: [], env: {} };
      client.machines(builder.line(scheme));
      await makes?.(lab);
      const { exitCode, report } = await client.check(lab.args, { env: lab.env });
      const checks = [...report.clientChecks, ...report.builders.flatMap((one) => one.checks)];
      const odd = checks
        .filter(({ outcome, scenario }) => !['pass', 'skip'].includes(outcome) && !warns.includes(scenario))
        .map(({ outcome, scenario, message }) => `${outcome} ${scenario}: ${message}`);
      t.same(odd, []);
      t.equal(report.summary.verdict, 'healthy');
      t.equal(exitCode, 0);
      t.equal(checks.find(({ scenario }) => scenario === 'local-to-remote-build')?.outcome, 'pass');
    },
    undefined,
    lacks,
  );
}

withFleet('healthy: behind a jump host', async (t, fleet) => {
  const client = await fleet.client();
  const [jump, builder] = await Promise.all([
    fleet.builder({ name: 'jump' }),
    fleet.builder({ name: 'behind' }),
  ]);
  // The jump host finds the builder by its address; the client must not need its name.
  client.host.write(
    rootConfig,
    `Host behind\n  HostName ${builder.host.address}\n  ProxyJump root@${jump.name}\n`,
  );
  client.machines(builder.line(), builder.line('ssh'));
  const { exitCode, report } = await client.check();
  t.equal(exitCode, 0, JSON.stringify(report.builders.map(({ rootCause }) => rootCause)));
  t.match(report.builders, [{ transport: 'openssh' }, { transport: 'openssh' }]);
});

withFleet('healthy: dropbear as the SSH server', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder();
  await builder.host.stopSshd();
  const { address } = builder.host;
  await builder.host.sh(
    `mkdir -p /etc/ssh/dropbear; dropbearkey -t ed25519 -f /etc/ssh/dropbear/key >/dev/null; dropbear -r /etc/ssh/dropbear/key -p ${address}:22 -P /run/dropbear.pid; sleep 0.5`,
  );
  const { stdout } = await builder.host.sh("dropbearkey -y -f /etc/ssh/dropbear/key | grep '^ssh-'");
  client.host.write('/root/.ssh/known_hosts', `${builder.name} ${stdout.split(' ').slice(0, 2).join(' ')}\n`);
  client.machines(builder.line(), builder.line('ssh'));
  const { exitCode, report } = await client.check();
  t.equal(exitCode, 0, JSON.stringify(report.builders.map(({ rootCause }) => rootCause)));
});

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(
    `healthy: a client with Nix ${nix}, builders of every version over both schemes`,
    async (t, fleet) => {
      const client = await fleet.client({ nix });
      const builders = await Promise.all(
        (['2.8', '2.26', '2.34'] as const).map((version) => fleet.builder({ nix: version })),
      );
      client.machines(...builders.flatMap((builder) => [builder.line('ssh'), builder.line('ssh-ng')]));
      const { exitCode, report } = await client.check();
      t.equal(exitCode, 0, JSON.stringify(report.builders.map(({ rootCause }) => rootCause)));
      t.same(report.summary.builders, { total: 6, healthy: 6, unhealthy: 0 });
      t.equal(report.summary.checks.warn, 0);
    },
  );
}
