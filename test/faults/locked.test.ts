import { createHash } from 'node:crypto';
import type { ReportBuilder } from '../../src/generated/types.ts';
import type { Builder, Client, Fleet, NixVersion } from '../fleet/index.ts';
import { withFleet } from '../fleet/with-fleet.ts';

// Accounts that may start nothing but Nix's program, and what their entries promise: the verdict is that of real builds.

type Scheme = 'ssh' | 'ssh-ng';

const program: Readonly<Record<Scheme, string>> = {
  ssh: 'nix-store --serve --write',
  'ssh-ng': 'nix-daemon --stdio',
};

/** Runs Nix's programs alone, and keeps what it was asked for. */
const onlyNix = (asked: string): string => `#!/bin/sh
printf '%s\\n' "${asked}" >> /home/asked
case ${asked} in
  '${program.ssh}' | '${program['ssh-ng']}') exec ${asked} ;;
  *) echo 'Access only allowed for builds' >&2; exit 1 ;;
esac
`;

/** Ways to lock the accounts of a builder. */
const ways: Readonly<Record<string, (builder: Builder, scheme: Scheme) => Promise<unknown>>> = {
  key: (builder, scheme) => tieKeys(builder, program[scheme]),
  wrapper: async (builder) => {
    builder.host.write('/home/wrapper', onlyNix('$SSH_ORIGINAL_COMMAND'), 0o755);
    await tieKeys(builder, '/home/wrapper');
  },
  match: async ({ host }, scheme) => {
    await host.sh(
      `printf 'Match User nix,guest\\n  ForceCommand ${program[scheme]}\\n' >> /etc/ssh/sshd_config`,
    );
    await host.restartSshd();
  },
  shell: async ({ host }) => {
    host.write('/home/shell', onlyNix('$2'), 0o755);
    await host.sh(
      "sed -E 's|^((nix\\|guest):.*:)[^:]*$|\\1/home/shell|' /etc/passwd > /tmp/p; cat /tmp/p > /etc/passwd",
    );
  },
};

function tieKeys({ host }: Builder, command: string): Promise<unknown> {
  const tie = (user: string): string =>
    `sed -i 's|^|restrict,command="${command}" |' /home/${user}/.ssh/authorized_keys`;
  return host.sh(`${tie('nix')}; ${tie('guest')}`);
}

interface Entry {
  user: string;
  /** The columns of the entry. */
  systems: string;
  features: string;
  cause: string | RegExp;
}

const noFeature = 'feature-not-supported';

/** Entries, by what is wrong with them, and what the verdict must name. */
const entries: Readonly<Record<string, Entry>> = {
  honest: { user: 'nix', systems: 'x86_64-linux', features: 'benchmark', cause: 'none' },
  system: {
    user: 'nix',
    systems: 'x86_64-linux,aarch64-linux',
    features: '-',
    cause: 'system-not-supported',
  },
  // Nix accepts the system, and no emulator runs its programs.
  emulation: {
    user: 'nix',
    systems: 'x86_64-linux,riscv64-linux',
    features: '-',
    cause: 'emulation-missing',
  },
  kvm: { user: 'nix', systems: 'x86_64-linux', features: 'benchmark,kvm', cause: noFeature },
  'made-up': { user: 'nix', systems: 'x86_64-linux', features: 'made-up-feature', cause: noFeature },
  trust: {
    user: 'guest',
    systems: 'x86_64-linux',
    features: '-',
    cause: /^(untrusted-user|unsigned-input)$/,
  },
};

interface Locked {
  way: string;
  scheme: Scheme;
  lies: readonly string[];
}

const all = Object.keys(entries);

/** Each way and scheme with each kind of entry, over the versions of Nix. */
const plan: readonly (readonly [NixVersion, readonly Locked[]])[] = [
  [
    '2.8',
    [
      { way: 'key', scheme: 'ssh-ng', lies: all },
      { way: 'match', scheme: 'ssh', lies: ['honest', 'system', 'kvm', 'trust'] },
    ],
  ],
  [
    '2.26',
    [
      { way: 'key', scheme: 'ssh', lies: all },
      { way: 'shell', scheme: 'ssh-ng', lies: ['honest', 'system', 'made-up', 'trust'] },
    ],
  ],
  [
    '2.34',
    [
      { way: 'wrapper', scheme: 'ssh', lies: ['honest', 'system', 'kvm', 'trust'] },
      { way: 'wrapper', scheme: 'ssh-ng', lies: all },
      { way: 'match', scheme: 'ssh-ng', lies: ['honest', 'emulation', 'made-up'] },
      { way: 'shell', scheme: 'ssh', lies: ['honest', 'emulation', 'kvm', 'trust'] },
    ],
  ],
];

async function startLocked(fleet: Fleet, nix: NixVersion, { way, scheme }: Locked): Promise<Builder> {
  const builder = await fleet.builder({
    nix,
    user: { name: 'nix', trusted: true },
    sshd: { LogLevel: 'VERBOSE' },
    nixConf: { 'extra-platforms': 'riscv64-linux' },
  });
  // Of several that use a fresh store first, some fail.
  await builder.host.sh(
    `echo 'guest:x:1600:1600::/home/guest:/bin/sh' >> /etc/passwd; echo 'guest:*:19000:0:99999:7:::' >> /etc/shadow
     cp -a /home/nix /home/guest; chown -R 1600:1600 /home/guest; : > /home/asked; chmod 666 /home/asked
     NIX_REMOTE=daemon nix-store --add /etc/hostname`,
  );
  await ways[way]?.(builder, scheme);
  return builder;
}

/** Real builds of each promise of an entry, from the client, each with an input that was built there; why some failed. */
async function build({ host }: Client, line: string, systems: string, features: string): Promise<string> {
  const name = createHash('sha256').update(line).digest('hex').slice(0, 8);
  const promises = [
    ...systems.split(',').map((system) => [system, '']),
    ...(features === '-' ? [] : features.split(',').map((feature) => ['x86_64-linux', feature])),
  ];
  const derivations = promises.map(
    (
      [system, feature],
      index,
    ) => `(derivation { name = "real-${name}-${index}"; system = "${system}"; inherit input;
      requiredSystemFeatures = [ ${feature === '' ? '' : `"${feature}"`} ];
      ${system === 'riscv64-linux' ? 'builder = foreign;' : `builder = "/bin/sh"; args = [ "-c" "${feature === 'kvm' ? 'exec 3<> /dev/kvm; ' : ''}read line < $input; echo $line > $out" ];`} })`,
  );
  const expression = `{ foreign ? "/none" }: let input = derivation { name = "input-${name}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo ${name} > $out" ]; };
    in { inherit input; all = [ ${derivations.join('\n')} ]; }`;
  host.write(`/tmp/${name}.nix`, expression);
  const { exitCode, stderr } = await host.sh(
    `nix-build --no-out-link /tmp/${name}.nix -A input --max-jobs 1 --option builders '' --option substitute false >/dev/null 2>&1 || exit 9
     nix-build --no-out-link /tmp/${name}.nix -A all --arg foreign /tmp/riscv --keep-going --max-jobs 0 --option substitute false --option builders '${line}'`,
  );
  if (exitCode === 9) throw new Error('the input is not built');
  return exitCode === 0 ? '' : stderr || 'failed';
}

/** A program of riscv64: the beginning of one, which a kernel that runs none of them refuses. */
const riscv = Buffer.from(
  '7f454c4602010100000000000000000002 00f3000100000078000100000000004000000000000000 0000000000000000050000004000380001000000000000000100000005000000000000000000000000000100000000000000010000000000800000000000000080000000000000000010000000000000 13050000 9308d005 73000000'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);

const namesOf = ({ way, scheme, lies }: Locked): string[] => lies.map((lie) => `${way}-${scheme}-${lie}`);

for (const [nix, lockeds] of plan)
  withFleet(
    `accounts that run only Nix's program, ${nix}: the verdict is that of real builds`,
    async (t, fleet) => {
      const client = await fleet.client({ nix });
      client.host.write('/tmp/riscv', '', 0o755);
      await client.host.run(['sh', '-c', 'base64 -d > /tmp/riscv; chmod 755 /tmp/riscv'], {
        input: riscv.toString('base64'),
      });
      const builders = await Promise.all(lockeds.map((locked) => startLocked(fleet, nix, locked)));
      const lines = new Map<string, { line: string; systems: string; features: string }>();
      for (const [index, locked] of lockeds.entries()) {
        const { host, hostKey } = builders[index] as Builder;
        const names = namesOf(locked);
        // Names of their own, so that entries share no slots.
        await client.host.sh(
          `echo '${host.address} ${names.join(' ')}' >> /etc/hosts; echo '${names.join(',')} ${hostKey}' >> /root/.ssh/known_hosts`,
        );
        for (const [at, lie] of locked.lies.entries()) {
          const { user, systems, features } = entries[lie] as Entry;
          const name = names[at] ?? '';
          lines.set(name, {
            line: `${locked.scheme}://${user}@${name} ${systems} - 8 1 ${features}`,
            systems,
            features,
          });
        }
      }
      client.machines(...[...lines.values()].map(({ line }) => line));

      const { report } = await client.check();
      const wanted = new Map<string, string>();
      for (const [name, { line, systems, features }] of lines)
        wanted.set(name, await build(client, line, systems, features));

      const byName = new Map(report.builders.map((builder) => [builder.name, builder]));
      for (const [name, why] of wanted) {
        const found = byName.get(name) as ReportBuilder;
        const { verdict, rootCause, checks } = found;
        const lie = name.replace(/^[a-z]+-ssh(-ng)?-/, '');
        t.equal(why === '', lie === 'honest', `${name}: the real build: ${why}`);
        const seen = `${name}: ${JSON.stringify(rootCause)}`;
        t.equal(verdict, why === '' ? 'healthy' : 'unhealthy', seen);
        t.match(rootCause?.cause ?? 'none', entries[lie]?.cause ?? 'no such lie', seen);
        const shell = checks.find(({ scenario }) => scenario === 'shell');
        t.match(shell, { outcome: 'pass', message: /only Nix's program/ }, `${name}: ${shell?.message}`);
      }
      for (const [index, { way, scheme }] of lockeds.entries()) {
        const { host } = builders[index] as Builder;
        const log = await host.sshdLog();
        const sessions = [...log.matchAll(/Starting session: (.*) for (?:nix|guest) from/g)].map(
          ([, one]) => one,
        );
        t.ok(sessions.length > 0, `${way} ${scheme}: sessions in the log`);
        if (way !== 'shell')
          t.same(
            sessions.filter((one) => !one?.startsWith('forced-command')),
            [],
            `${way} ${scheme}: no other session`,
          );
        const asked = new Set(
          host
            .read('/home/asked')
            .split('\n')
            .filter((line) => line !== ''),
        );
        for (const one of Object.values(program)) asked.delete(one);
        // Asked for once, to see whether there is a shell; it was not started.
        asked.delete('sh');
        t.same([...asked], [], `${way} ${scheme}: no shell command`);
      }
    },
  );
