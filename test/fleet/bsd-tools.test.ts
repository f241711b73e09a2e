import { withFleet } from './with-fleet.ts';

/** GNU's words, each of which a macOS builder refuses. */
const refused = [
  ...['stat -c %a /etc', 'df --output=avail /', 'date -d now', 'sed -i s/a/b/ /tmp/x', 'readlink -f /etc'],
  ...['ps -o etimes= -p 1', 'base64 -w0 /etc/hosts', 'timeout 1 true', 'nproc', 'getent passwd root'],
  ...['grep -P a /etc/hosts', 'ls --color /', 'systemctl status', 'cat /proc/uptime', 'cat /etc/os-release'],
  'sha256sum /etc/hosts',
];

/** Words of macOS, and what they print. */
const printed: readonly [string, RegExp][] = [
  ['uname -s', /^Darwin\n$/],
  ['stat -f %Lp /etc', /^755\n$/],
  ['df -Pk /nix', /^Filesystem 1024-blocks Used Available Capacity Mounted on\n\S+ \d+ \d+ \d+ \d+% \/\n$/],
  ['df -Pi /nix', /^Filesystem 512-blocks .* iused ifree %iused Mounted on\n/],
  ['sysctl -n hw.ncpu', /^\d+\n$/],
  ["echo a > /tmp/x && sed -i '' s/a/b/ /tmp/x && cat /tmp/x", /^b\n$/],
  ['ps -o pgid= -p $$', /^\d+\n$/],
  ['echo $PATH', /^\/nix\/var\/nix\/profiles\/default\/bin:\/usr\/bin:\/bin:\/usr\/sbin:\/sbin\n$/],
  ['launchctl print system/org.nixos.nix-daemon', /state = running/],
  ['dscl . -read /Users/root UserShell', /^UserShell: \/bin\/zsh\n$/],
];

withFleet('a script finds what a macOS builder offers, and nothing of GNU', async (t, fleet) => {
  const [client, builder] = await Promise.all([
    fleet.client(),
    fleet.builder({ profile: 'bsd-tools', nix: '2.8' }),
  ]);
  const there = (line: string): ReturnType<typeof client.host.run> =>
    client.host.run(['ssh', `root@${builder.name}`, line]);
  for (const line of refused) t.not((await there(line)).exitCode, 0, line);
  for (const [line, output] of printed) t.match((await there(line)).stdout, output, line);
});

withFleet('builders of both installers are healthy, over both schemes', async (t, fleet) => {
  const client = await fleet.client();
  const builders = await Promise.all(
    (['2.34', '2.8'] as const).map((nix) =>
      // launchd starts an sshd for each connection, so the option limits nothing.
      fleet.builder({ profile: 'bsd-tools', nix, sshd: { MaxStartups: '1:100:1' } }),
    ),
  );
  client.machines(...builders.flatMap((builder) => [builder.line('ssh'), builder.line('ssh-ng')]));
  const { report } = await client.check();
  for (const { uri, checks } of report.builders) {
    const wrong = checks.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip');
    t.same(
      wrong.map(({ outcome, scenario, message }) => `${outcome} ${scenario}: ${message}`),
      [],
      uri,
    );
    t.equal(checks.find(({ scenario }) => scenario === 'local-to-remote-build')?.outcome, 'pass', uri);
    t.match(checks.find(({ scenario }) => scenario === 'builder-os')?.outcome, 'pass');
  }
});
