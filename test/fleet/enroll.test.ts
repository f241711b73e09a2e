import { execFileSync } from 'node:child_process';
import { kernelRuns } from '../faults/own-emulators.ts';
import { withFleet } from './with-fleet.ts';

/** Nix offers i686-linux by itself, also where this machine's kernel starts no such programs. */
const nixConf: Record<string, string> = kernelRuns('i686-linux') ? {} : { 'extra-platforms': '' };

for (const nix of ['2.8', '2.26', '2.34'] as const) {
  withFleet(
    `enroll: the line for a new builder is right at the first check, Nix ${nix}`,
    async (t, fleet) => {
      const client = await fleet.client({ nix });
      const builder = await fleet.builder({ nix, trusted: false, nixConf });
      const unknown = await client.doctor(['enroll', `root@${builder.name}`]);
      t.equal(unknown.exitCode, 2, 'nobody has compared the host key, and nobody can be asked');
      const own = await builder.host.sh('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
      const fingerprint = own.stdout.split(' ')[1] ?? '';
      t.match(fingerprint, /^SHA256:/);
      t.match(unknown.stderr, fingerprint, 'the fingerprint is the one that the host itself has');
      t.match(unknown.stderr, '$ ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');

      const wrong = await client.doctor(['enroll', `root@${builder.name}`, '--fingerprint', 'SHA256:other']);
      t.equal(wrong.exitCode, 2);
      t.match(wrong.stderr, /do not go on/);

      const words = ['enroll', `root@${builder.name}`, '--fingerprint', fingerprint];
      const ssh = 'find /root/.ssh /etc/ssh -type f | xargs sha256sum';
      const before = (await client.host.sh(ssh)).stdout;
      const checked = await client.doctor([...words, '--check']);
      t.equal(checked.exitCode, 0, checked.stdout + checked.stderr);
      t.match(checked.stdout, 'Ready: every check passed on this line, real builds included.');
      const line = (await client.doctor([...words, '-f', 'line'])).stdout.trim();
      t.match(checked.stdout, line);
      t.equal((await client.host.sh(ssh)).stdout, before, 'no host key is noted anywhere');

      client.machines(line);
      const { exitCode, report } = await client.check();
      t.equal(exitCode, 0);
      t.equal(report.summary.verdict, 'healthy');
      t.same(
        report.builders[0]?.checks.filter(({ outcome }) => outcome === 'warn'),
        [],
        'not even a warning',
      );

      const made = (await client.doctor([...words, '-f', 'nix'])).stdout;
      const seen = JSON.parse(
        execFileSync(
          'nix-instantiate',
          ['--eval', '--strict', '--json', '-E', `let nix.x = 1; in { ${made} }`],
          {
            encoding: 'utf8',
          },
        ),
      ) as { nix: { buildMachines: { hostName: string; publicHostKey: string; systems: string[] }[] } };
      t.match(seen.nix.buildMachines, [{ hostName: builder.name, publicHostKey: line.split(' ')[7] }]);
    },
  );
}

withFleet(
  'enroll: what is missing is told before, and a file is changed only when asked',
  async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder({ name: 'alpha', nix: '2.34', nixConf });
    client.host.write('/etc/nix/machines', '# mine\n');
    await client.host.sh('chmod 640 /etc/nix/machines');

    await builder.host.sh('echo "echo Welcome" > /root/.bashrc');
    const noisy = await client.doctor(['enroll', 'root@alpha', '--write']);
    t.equal(noisy.exitCode, 1, noisy.stderr);
    t.match(noisy.stdout, 'shell-noise');
    t.equal(
      client.host.read('/etc/nix/machines'),
      '# mine\n',
      'nothing is written for a host that is not ready',
    );
    await builder.host.sh('rm /root/.bashrc');

    const written = await client.doctor(['enroll', 'root@alpha', '--write', '--speed', '2']);
    t.equal(written.exitCode, 0, written.stdout + written.stderr);
    const text = client.host.read('/etc/nix/machines');
    t.match(text, /^# mine\nssh-ng:\/\/root@alpha \S+ \/root\/.ssh\/id_ed25519 \d+ 2 \S+ - \S+\n$/);
    const { stdout } = await client.host.sh(
      'stat -c "%a %U" /etc/nix/machines; cat /etc/nix/machines.backup-*',
    );
    t.equal(stdout, '640 root\n# mine\n', 'its mode is as it was, and so is the copy');
    t.equal((await client.check()).exitCode, 0);

    const twice = await client.doctor(['enroll', 'root@alpha', '--write']);
    t.equal(twice.exitCode, 2);
    t.match(twice.stderr, /already in \/etc\/nix\/machines, line 2/);

    for (const target of ['-oProxyCommand=x', 'root@a b', 'a;b', 'root@$(x)', '']) {
      const refused = await client.doctor(['enroll', '--', target]);
      t.equal(refused.exitCode, 2, target);
      t.match(refused.stderr, /is no \[USER@\]HOST/);
    }
  },
);

withFleet('enroll: a host cannot put columns of its own into the line', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder({
    name: 'alpha',
    nix: '2.34',
    nixConf: { 'system-features': 'good x,-;y $(id)' },
  });
  const { stdout } = await client.doctor(['enroll', 'root@alpha', '-f', 'line']);
  t.equal(builder.name, 'alpha');
  t.equal(stdout.trim().split(' ')[5], 'good');
  t.equal(stdout.trim().split(' ').length, 8);
});
