import type { ReportCheck } from '../../src/generated/types.ts';
import { removeLastChange } from './profiles/nixos/changes.ts';
import { nixosSwitch } from './profiles/nixos/switch.ts';
import { withFleet } from './with-fleet.ts';

/*
 * What these tests leave out of NixOS: see `notReal` of test/fleet/profiles/nixos.ts. The options are those of
 * profiles/nixos/nixpkgs-stand-in/options.nix; where nixpkgs reports that two definitions of a value conflict, the later counts.
 */
const user = { name: 'nix', trusted: true } as const;

withFleet('the layout is that of NixOS', async (t, fleet) => {
  const { host } = await fleet.builder({ profile: 'nixos', user });
  const out = async (command: string): Promise<string> => (await host.sh(command)).stdout.trim();
  t.match(await out('ls /bin /usr /usr/bin'), /^\/bin:\nsh\n\n\/usr:\nbin\n\n\/usr\/bin:\nenv$/);
  t.match(await out('ls /lib /lib64 /sbin 2>&1 >/dev/null | wc -l'), '3');
  for (const file of ['nix/nix.conf', 'ssh/sshd_config', 'ssh/ssh_config', 'os-release', 'pam.d/sshd']) {
    t.equal(await out(`readlink /etc/${file}`), `/etc/static/${file}`);
    t.match(await out(`readlink -f /etc/${file}`), /^\/nix\/store\/\w{32}-/);
    t.match((await host.sh(`echo >> /etc/${file}`)).stderr, 'Read-only file system', file);
  }
  t.match(await out('stat -c %a /etc/ssh/authorized_keys.d/nix'), '444');
  // Programs are valid paths, and their closures are whole: nothing in them was changed after they were registered.
  t.match(
    await out('nix-store -qR $(readlink -f /run/current-system)'),
    /-glibc\n[^]*-openssh\n|-openssh\n[^]*-glibc\n/,
  );
  const verified = await host.sh('nix-store --verify --check-contents');
  t.equal(verified.exitCode, 0, verified.stderr);
  t.notMatch(verified.stderr, 'was modified');
  const loads = await out(
    'for f in bash ls nix sshd ssh; do grep -h " /.*\\.so" /proc/self/maps; ldd $(command -v $f) 2>/dev/null; done | grep -v /nix/store',
  );
  t.equal(loads, '', 'no library comes from elsewhere');
  t.match(await out('id -Gn nixbld7'), 'nixbld');
  t.equal(await out('. /etc/set-environment; echo $NIX_REMOTE'), '', 'root uses the store itself');
});

withFleet('a login has the PATH and the environment of NixOS, by PAM', async (t, fleet) => {
  const client = await fleet.client({ profile: 'nixos' });
  const builder = await fleet.builder({ profile: 'nixos', user });
  const ran = await client.host.sh(`ssh nix@${builder.name} 'echo $PATH $NIX_REMOTE; command -v nix-daemon'`);
  t.match(ran.stdout, '/run/wrappers/bin:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin');
  t.match(ran.stdout, '/run/current-system/sw/bin/nix-daemon', ran.stderr);
});

withFleet('systemd runs for real, out of the store, with the units that modules write', async (t, fleet) => {
  const [client, { host, name }] = await Promise.all([
    fleet.client({ profile: 'nixos' }),
    fleet.builder({ profile: 'nixos' }),
  ]);
  const out = async (command: string): Promise<string> => (await host.sh(command)).stdout.trim();
  const daemon = (): Promise<string> => out('systemctl is-active nix-daemon.socket nix-daemon.service');
  t.match(await out('readlink /proc/1/exe'), /^\/nix\/store\/\w{32}-systemd\/lib\/systemd\/systemd$/);
  t.equal(await out('systemctl is-system-running'), 'running');
  t.equal(await out('readlink /etc/systemd/system'), '/etc/static/systemd/system');
  t.match((await host.sh('mkdir /etc/systemd/system/x.service.d')).stderr, 'Read-only file system');
  t.equal(await daemon(), 'active\ninactive', 'the socket waits');
  t.equal(await out('ls -d /nix/var/nix/daemon-socket'), '/nix/var/nix/daemon-socket', 'by systemd-tmpfiles');
  t.match(await out('NIX_REMOTE=daemon nix-store --add /etc/hostname'), /^\/nix\/store\//);
  t.equal(await daemon(), 'active\nactive', 'what connects wakes the daemon');
  const environment = await out(
    "tr '\\0' '\\n' < /proc/$(systemctl show --value -p MainPID nix-daemon)/environ",
  );
  t.match(environment, /^CURL_CA_BUNDLE=\/etc\/ssl\/certs\/ca-certificates\.crt$/m);
  t.match(environment, /^PATH=\/nix\/store\/\w{32}-nix\/bin:/m);
  t.equal((await client.host.sh(`ssh ${name} true`)).exitCode, 0);
  t.match(await out('journalctl --no-pager -u sshd'), /Accepted publickey for root/);
  t.match(await out('loginctl list-sessions'), /root/, 'PAM tells logind');
});

for (const [ofBuilder, ofClient] of [
  ['nixos', 'nixos'],
  ['nixos', 'plain'],
  ['plain', 'nixos'],
] as const) {
  withFleet(`check is healthy: client ${ofClient}, builder ${ofBuilder}`, async (t, fleet) => {
    const client = await fleet.client({ profile: ofClient });
    const builder = await fleet.builder({ profile: ofBuilder, user });
    // One after the other: a builder with Nix 2.8 mixes up what two clients copy to it at once.
    for (const scheme of ['ssh', 'ssh-ng'] as const) {
      client.machines(builder.line(scheme));
      const { report, exitCode } = await client.check();
      const checks = [...report.clientChecks, ...report.builders.flatMap((one) => one.checks)];
      t.same(checks.filter(({ outcome }) => /fail|error|blocked/.test(outcome)).map(told), [], scheme);
      t.equal(exitCode, 0, scheme);
      t.same(checks.filter(({ outcome }) => outcome === 'warn').map(told), [], scheme);
      // NixOS's ssh_config sets no time limit, so ssh does wait for ever there; plain hosts have no sandbox.
      const advice = checks.flatMap((check) => check.advice?.cause ?? []);
      const wanted = [
        ...(ofClient === 'nixos' ? ['ssh-without-timeouts'] : ['client-sandbox-off']),
        ...(ofBuilder === 'plain' ? ['builder-sandbox-off'] : []),
      ];
      t.same(advice, wanted, scheme);
    }
  });
}

function told({ scenario, outcome, cause, message }: ReportCheck): string {
  return `${outcome} ${scenario} ${cause ?? ''}: ${message}`;
}

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKkq82FcFbAWJKxjF20WiZhOwo40Qw4+sMD5b3/7IuIK nix@client';

/** Snippets, the file that they change, and what it holds then. */
const snippets = [
  [
    'nix.settings.trusted-users = [ "alice" "@wheel" ];',
    '/etc/nix/nix.conf',
    /^trusted-users = root nix alice @wheel$/m,
  ],
  ['nix.settings.max-jobs = 3;', '/etc/nix/nix.conf', /^max-jobs = 3$/m],
  ['nix.settings.sandbox = "relaxed";', '/etc/nix/nix.conf', /^sandbox = relaxed$/m],
  ['nix.settings.system-features = lib.mkForce [ "kvm" ];', '/etc/nix/nix.conf', /^system-features = kvm$/m],
  ['nix.extraOptions = "keep-outputs = true";', '/etc/nix/nix.conf', /^keep-outputs = true$/m],
  [
    'services.openssh.settings.MaxStartups = "100:30:200";',
    '/etc/ssh/sshd_config',
    /^MaxStartups 100:30:200$/m,
  ],
  [
    'services.openssh.settings.AllowUsers = [ "nix" "root" ];',
    '/etc/ssh/sshd_config',
    /^AllowUsers nix root$/m,
  ],
  ['services.openssh.settings = { X11Forwarding = true; };', '/etc/ssh/sshd_config', /^X11Forwarding yes$/m],
  [
    'programs.ssh.extraConfig = "Host a\\n  Port 7";',
    '/etc/ssh/ssh_config',
    /^Host a\n {2}Port 7\n[^]*^Host \*$/m,
  ],
  [
    `programs.ssh.knownHosts.alpha = { extraHostNames = [ "10.0.0.1" ]; publicKey = "${key}"; };`,
    '/etc/ssh/ssh_known_hosts',
    /^alpha,10\.0\.0\.1 ssh-ed25519 AAAA/m,
  ],
  [
    `users.users.nix.openssh.authorizedKeys.keys = [ "${key}" ];`,
    '/etc/ssh/authorized_keys.d/nix',
    /nix@client\n[^]+nix@client$/m,
  ],
  [
    'nix.distributedBuilds = true; nix.buildMachines = [ { hostName = "alpha"; protocol = "ssh-ng"; sshUser = "nix"; sshKey = "/etc/nix/key"; system = "x86_64-linux"; maxJobs = 4; supportedFeatures = [ "kvm" ]; mandatoryFeatures = [ "big" ]; } ];',
    '/etc/nix/machines',
    /^ssh-ng:\/\/nix@alpha x86_64-linux \/etc\/nix\/key 4 1 kvm,big big -$/m,
  ],
  [
    'users.users.carol = { isNormalUser = true; };',
    '/etc/passwd',
    /^carol:x:\d+:100::\/home\/carol:\/run\/current-system\/sw\/bin\/bash$/m,
  ],
  [
    'systemd.services.nix-daemon.environment.TMPDIR = "/var/tmp";',
    '/etc/systemd/system/nix-daemon.service.d/overrides.conf',
    /^Environment="TMPDIR=\/var\/tmp"$/m,
  ],
] as const;

/** Snippets that NixOS refuses, and in which words. */
const refused = [
  ['nix.settings.trusted-users = "alice";', /trusted-users' is not of type `list of string'/],
  ['nix.settngs.max-jobs = 3;', /The option `nix\.settngs' does not exist/],
  ['services.openssh.settings.MaxStartups = [ "1" ];', /is not of type/],
  ['services.openssh.settings.MaxStartups = "many";', /Cannot build .*-etc\.drv/],
  ['nix.settings.trusted-user = [ "a" ];', /Cannot build .*-etc\.drv/],
  ['nix.buildMachines = [ { hostName = "alpha"; } ];', /At least one system type/],
  ['users.users.dave = { };', /Exactly one of users\.users\.dave\.isSystemUser/],
  ['nix.settings.max-jobs = 3', /syntax error/],
] as const;

withFleet(
  'nixos-rebuild switch writes what the options say, and refuses what NixOS refuses',
  async (t, fleet) => {
    const { host } = await fleet.builder({ profile: 'nixos', user });
    for (const [snippet, file, pattern] of snippets) {
      t.notMatch((await host.sh(`cat ${file}`)).stdout, pattern, `${file} does not hold it yet`);
      const { exitCode, stderr } = await nixosSwitch(host, snippet);
      t.equal(exitCode, 0, `${snippet}: ${stderr}`);
      t.match((await host.sh(`cat ${file}`)).stdout, pattern, snippet);
    }
    const before = (await host.sh('readlink -f /run/current-system')).stdout;
    for (const [snippet, words] of refused) {
      const { exitCode, stderr } = await nixosSwitch(host, snippet);
      t.not(exitCode, 0, snippet);
      t.match(stderr, words, snippet);
    }
    t.equal((await host.sh('readlink -f /run/current-system')).stdout, before, 'and nothing changed');
  },
);

withFleet('a switch restarts the services whose files changed, and no others', async (t, fleet) => {
  const { host } = await fleet.builder({ profile: 'nixos' });
  await host.startDaemon();
  const pids = async (): Promise<string[]> =>
    (await host.sh('systemctl show --value -p MainPID nix-daemon sshd')).stdout.trim().split('\n\n');
  const [daemon, sshd] = await pids();
  await nixosSwitch(host, 'nix.settings.max-jobs = 3;');
  const [newDaemon, sameSshd] = await pids();
  t.not(newDaemon, daemon);
  t.equal(sameSshd, sshd);
  await nixosSwitch(host, 'services.openssh.settings.LogLevel = "VERBOSE";');
  const [sameDaemon, newSshd] = await pids();
  t.equal(sameDaemon, newDaemon);
  t.not(newSshd, sshd);
  const active = async (unit: string): Promise<string> =>
    (await host.sh(`systemctl is-active ${unit}`)).stdout;
  const unit = 'systemd.services.waits = { wantedBy = [ "multi-user.target" ]; script = "sleep 1000"; };';
  await nixosSwitch(host, unit);
  t.equal(await active('waits'), 'active\n', 'a new unit that is wanted starts');
  removeLastChange(host);
  await host.sh('systemctl stop nix-daemon.socket nix-daemon.service; nixos-rebuild switch');
  t.equal(await active('waits'), 'inactive\n', 'a unit that is gone stops');
  t.equal(await active('nix-daemon.socket'), 'active\n', 'what is wanted and was stopped starts');
  const broken = await nixosSwitch(
    host,
    'systemd.services.fails = { wantedBy = [ "multi-user.target" ]; serviceConfig.Type = "oneshot"; script = "false"; };',
  );
  t.not(broken.exitCode, 0, 'a unit that fails is told');
});
