import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '../../test/fleet/client.ts';
import type { Host } from '../../test/fleet/host.ts';
import { rootfs } from '../../test/fleet/rootfs.ts';

/** Other runners, each doing the same remote commands on the same builders in the way that its manual tells. */
export const peers: Readonly<
  Record<string, (client: Client, hosts: readonly string[], commands: readonly string[]) => string>
> = {
  goss: (client, hosts, commands) => {
    const tests = commands.map((command, index) => [
      `command-${index}`,
      { exec: command, 'exit-status': 0, timeout: 60_000 },
    ]);
    client.host.write('/tmp/goss.json', JSON.stringify({ command: Object.fromEntries(tests) as unknown }));
    const remote = quote('/root/goss -g - validate --max-concurrent 50 --format silent');
    const one = (host: string): string =>
      `{ /root/goss -g /tmp/goss.json render | ssh -o BatchMode=yes root@${host} ${remote} || echo ${host} >> /tmp/goss-failed; } &`;
    return `rm -f /tmp/goss-failed; ${hosts.map(one).join(' ')} wait; test ! -e /tmp/goss-failed`;
  },
  'testinfra (xdist, 20 workers)': (client, hosts, commands) => {
    client.host.write(
      '/tmp/test_bench.py',
      [
        'import json, pytest, testinfra',
        `COMMANDS = json.loads(${JSON.stringify(JSON.stringify(commands))})`,
        `HOSTS = json.loads(${JSON.stringify(JSON.stringify(hosts))})`,
        "@pytest.mark.parametrize('command', COMMANDS)",
        "@pytest.mark.parametrize('name', HOSTS)",
        'def test_command(name, command):',
        "    assert testinfra.get_host('ssh://root@' + name).run_test(command).rc == 0",
        '',
      ].join('\n'),
    );
    return 'cd /tmp && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 20 test_bench.py';
  },
  serverspec: (client, hosts, commands) => {
    client.host.write(
      '/tmp/bench_spec.rb',
      [
        "require 'serverspec'",
        "require 'net/ssh'",
        "require 'json'",
        'set :backend, :ssh',
        `COMMANDS = JSON.parse(${JSON.stringify(JSON.stringify(commands))})`,
        "host = ENV['TARGET_HOST']",
        'set :host, host',
        "set :ssh_options, {user: 'root', keys: ['/root/.ssh/id_ed25519'], verify_host_key: :never}",
        'COMMANDS.each_with_index do |text, index|',
        '  describe command(text) do',
        '    its(:exit_status) { should eq 0 }',
        '  end',
        'end',
        '',
      ].join('\n'),
    );
    return `cd /tmp && for h in ${hosts.join(' ')}; do TARGET_HOST=$h rspec bench_spec.rb & done; wait`;
  },
};

/** Installs what the peers need (Debian's packages; goss from the newer suite). Returns those that are there. */
export async function installPeers(): Promise<string[]> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet: ExecFileSyncOptions = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  execFileSync(
    'apt-get',
    [
      '-qq',
      'install',
      '-y',
      '--no-install-recommends',
      'strace',
      'python3-testinfra',
      'python3-pytest-xdist',
      'ruby-serverspec',
      'ruby-ed25519',
      'ruby-bcrypt-pbkdf',
    ],
    quiet,
  );
  await installGoss();
  return Object.keys(peers);
}

/** From the newer suite: Debian's own has none. */
export async function installGoss(): Promise<void> {
  if (existsSync('/usr/local/bin/goss')) return;
  const quiet: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'inherit'] };
  const root = await rootfs('2.26');
  const folder = mkdtempSync(join(tmpdir(), 'goss-'));
  execFileSync(
    'chroot',
    [root, 'sh', '-c', 'apt-get -qq update && cd /tmp && apt-get -qq download goss'],
    quiet,
  );
  execFileSync(
    'sh',
    [
      '-c',
      `dpkg-deb -x ${root}/tmp/goss_*.deb ${folder} && install ${folder}/usr/bin/goss /usr/local/bin/goss; rm -f ${root}/tmp/goss_*.deb`,
    ],
    quiet,
  );
  rmSync(folder, { recursive: true });
}

/** On client and builders, as `/root/goss`. */
export function putGoss(host: Host): void {
  copyFileSync('/usr/local/bin/goss', host.path('/root/goss'));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
