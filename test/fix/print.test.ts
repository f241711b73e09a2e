import { execFileSync, spawnSync } from 'node:child_process';
import t from 'tap';
import { printStep } from '../../src/fix/print.ts';
import { debian, type System } from '../../src/system/system.ts';
import type { FixChange, FixStep } from '../../src/generated/types.ts';
import { parseMachines } from '../../src/machines/index.ts';

const macos: System = { ...debian, id: 'macos', family: 'darwin', init: 'launchd', packages: 'none' };
const systems: Record<string, System> = {
  debian,
  plain: { ...debian, init: 'none', sshdDropIns: false, sshDropIns: false },
  fedora: { ...debian, id: 'fedora', packages: 'dnf', sshService: 'sshd' },
  alpine: { ...debian, id: 'alpine', init: 'openrc', packages: 'apk', sshdDropIns: false },
  determinate: { ...debian, determinate: true, nixConf: '/etc/nix/nix.custom.conf' },
  macos,
  macosDeterminate: { ...macos, determinate: true, nixConf: '/etc/nix/nix.custom.conf' },
  nixos: { ...debian, id: 'nixos', moduleSystem: 'nixos', packages: 'none', sshService: 'sshd' },
  nixDarwin: { ...macos, moduleSystem: 'nix-darwin' },
};

/** Words that break out of careless quoting, in a shell and in Nix. */
const nasty = `a'b"c\${d}''e $(touch /tmp/no) \\ \`x\``;
const changes: Record<string, FixChange> = {
  add: { setting: { name: 'trusted-users', add: nasty } },
  set: { setting: { name: 'max-jobs', set: nasty } },
  list: { setting: { name: 'trusted-users', set: nasty } },
  number: { setting: { name: 'timeout', set: '0' } },
  unset: { setting: { name: 'build-hook', unset: true } },
  sshd: { sshd: { option: 'MaxStartups', value: nasty } },
  sshdUser: { sshd: { option: 'ForceCommand', value: nasty, user: nasty } },
  ssh: { ssh: { host: nasty, option: 'HostKeyAlias', value: nasty } },
  restart: { service: { name: 'nix-daemon', action: 'restart' } },
  restartSsh: { service: { name: 'ssh', action: 'restart' } },
  start: { service: { name: 'ssh', action: 'start' } },
  log: { service: { name: 'ssh', action: 'log' } },
  time: { service: { name: 'time-sync', action: 'start' } },
  package: { package: 'openssh-client' },
  key: { user: { name: 'nix', key: nasty } },
  group: { user: { name: nasty, group: nasty } },
  shell: { user: { name: nasty, shell: nasty } },
  column: { machines: { column: 'sshKey', value: '/etc/nix/${key}' } },
  remove: { machines: { remove: true } },
};

const [builder] = parseMachines('ssh-ng://nix@alpha?compress=true x86_64-linux - 4 1 kvm,big-parallel', {
  nixVersion: '2.34.8',
  system: 'x86_64-linux',
  readFile: () => null,
}).builders;
if (builder === undefined) throw new Error('no builder');
const entry = { builder: { ...builder, source: { ...builder.source, file: '/etc/nix/machines' } } };

function printed(change: FixChange, system: System | null, banner = ''): FixStep {
  return printStep(
    { on: 'builder', change },
    { client: system, builder: system, banner, entry: { ...entry, owned: true } },
  );
}

for (const [name, system] of Object.entries(systems))
  t.test(`every change has a form on ${name} that the real reader accepts`, (t) => {
    for (const [kind, change] of Object.entries(changes)) {
      const { run, edit, module } = printed(change, system);
      const title = `${name} ${kind}`;
      t.ok(run !== undefined || edit !== undefined || module !== undefined, title);
      if (run !== undefined) {
        const { status, stderr } = spawnSync('sh', ['-n'], { input: run, encoding: 'utf8' });
        t.equal(status, 0, `${title}: ${run}\n${stderr}`);
        if (system.init !== 'systemd') t.notMatch(run, /systemctl|journalctl/, title);
        if (system.packages !== 'apt') t.notMatch(run, /apt-get/, title);
      }
      if (module !== undefined) {
        t.not(system.moduleSystem, 'none', title);
        const text = `{ pkgs, lib }: {\n${module}\n}`;
        const { status, stderr } = spawnSync('nix-instantiate', ['--parse', '-'], {
          input: text,
          encoding: 'utf8',
        });
        t.equal(status, 0, `${title}: ${module}\n${stderr}`);
      }
    }
    t.end();
  });

t.test('a text of a snippet is the text that was given, as Nix reads it', (t) => {
  const { nixos } = systems;
  const { module } = printed(changes['sshd'] ?? {}, nixos ?? null);
  const value = execFileSync(
    'nix-instantiate',
    [
      '--eval',
      '--json',
      '--strict',
      '-E',
      `let lib.mkForce = value: value; in { ${module ?? ''} }.services.openssh.settings.MaxStartups`,
    ],
    { encoding: 'utf8', env: { ...process.env, NIX_REMOTE: 'dummy://' } },
  );
  t.equal(JSON.parse(value), nasty);
  t.end();
});

t.test('where nix.extraOptions sets a key on NixOS, the step counts over that', (t) => {
  const nixos: System = { ...debian, id: 'nixos', moduleSystem: 'nixos', lateSettings: ['max-jobs'] };
  const form = (change: FixChange, lateSettings: string[] | null): string =>
    printed(change, { ...nixos, lateSettings }).module ?? '';
  const set = { setting: { name: 'max-jobs', set: '4' } };
  const add = { setting: { name: 'trusted-users', add: 'nix' } };
  t.equal(form(set, []), 'nix.settings.max-jobs = lib.mkForce 4;');
  t.match(
    form(set, ['max-jobs']),
    /^# A line of nix\.extraOptions .*\nnix\.extraOptions = lib\.mkAfter "max-jobs = 4\\n";$/,
  );
  t.match(form(set, ['extra-max-jobs']), /lib\.mkAfter "max-jobs = 4\\n"/);
  t.match(form(add, ['trusted-users']), /lib\.mkAfter "extra-trusted-users = nix\\n"/);
  t.equal(form(add, ['extra-trusted-users']), 'nix.settings.trusted-users = [ "nix" ];');
  t.match(form({ setting: { name: 'max-jobs', unset: true } }, ['max-jobs']), /^# Remove the line that sets/);
  t.match(form(set, null), /^# If nix\.extraOptions sets max-jobs, change it there\.\nnix\.settings/);
  t.end();
});

t.test(
  'an unknown builder gets the forms of the likely systems, NixOS first; a greeting tells Debian',
  (t) => {
    const step = printed(changes['sshd'] ?? {}, null);
    t.same(
      [step, ...(step.others ?? [])].map(({ for: names }) => names),
      [['nixos'], ['systemd'], ['macos'], ['alpine']],
    );
    t.equal(step.likely, true);
    const hinted = printed(changes['sshd'] ?? {}, null, 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3');
    t.match(hinted, { for: ['systemd'], likely: true, run: /systemctl restart ssh$/ });
    t.equal(hinted.others, undefined);
    const restart = printed(changes['restart'] ?? {}, null);
    t.same(restart.for, ['nixos', 'systemd'], 'forms that say the same are one');
    t.end();
  },
);

t.test('a step that may be applied is not, where it is an option or the machine is unknown', (t) => {
  const step: FixStep = { on: 'client', safe: true, change: changes['remove'] ?? {} };
  const on = (system: System | null, owned: boolean): FixStep =>
    printStep(step, { client: system, builder: null, banner: '', entry: { ...entry, owned } });
  t.equal(on(debian, false).safe, true);
  t.equal(on(systems['nixos'] ?? null, true).safe, undefined);
  t.equal(on(null, false).safe, undefined);
  t.end();
});
