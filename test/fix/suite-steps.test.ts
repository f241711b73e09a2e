import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { stepAsWritten } from '../../src/fix/as-written.ts';
import type { System } from '../../src/fix/system.ts';
import { probes } from '../../src/observe/index.ts';
import { loadScenarios } from '../../src/scenario/load.ts';

const files = readdirSync('specs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ path: join('specs', name), text: readFileSync(join('specs', name), 'utf8') }));
const { scenarios, problems } = loadScenarios(files, { probes });
const steps = scenarios.flatMap(({ id, hint }) =>
  hint.flatMap(({ cause, fix }) => fix.map((step) => ({ title: `${id} ${cause}`, cause, step }))),
);

const nixos: System = {
  id: 'nixos',
  family: 'linux',
  init: 'systemd',
  moduleSystem: 'nixos',
  determinate: false,
  nixConf: '/etc/nix/nix.conf',
  packages: 'none',
  sshService: 'sshd',
  sshdDropIns: false,
  sshDropIns: false,
};
const macos: System = { ...nixos, id: 'macos', family: 'darwin', init: 'launchd', moduleSystem: 'none' };

/** Files that the module system writes. */
const owned =
  /\/etc\/(nix\/(nix\.conf|machines)|ssh\/sshd?_config|passwd|group|shadow|shells|udev|systemd|static)\b/;
/** Programs of Linux alone. */
const linuxOnly =
  /\b(systemctl|journalctl|usermod|useradd|groupadd|gpasswd|chage|apt(-get)?|modprobe|rc-service|udevadm)\b/;

/** Causes that are found on one kind of system only; their steps are for it. */
const onlyThere: Readonly<Record<string, RegExp>> = {
  // The unit of the daemon hides files or the network.
  'daemon-cannot-see-files': /NixOS/,
  'daemon-without-network': /NixOS/,
  // Modules of Linux's kernel.
  'kvm-missing': /NixOS|Alpine/,
  // Its commands are those of Linux with shadow's tools, and other systems have no form of their own yet.
  'build-users-missing': /NixOS|nix-darwin/,
  // shadow(5), as PAM of Linux reads it.
  'account-expired': /NixOS|Alpine/,
  'password-expired': /NixOS|Alpine/,
};

/** What no step may type there. */
const never: readonly (readonly [name: string, system: System, words: readonly RegExp[]])[] = [
  [
    'NixOS',
    nixos,
    [owned, /\b(usermod|useradd|groupadd|gpasswd|chsh|apt(-get)?|dpkg|rc-service|launchctl|dscl|modprobe)\b/],
  ],
  [
    'nix-darwin',
    { ...macos, moduleSystem: 'nix-darwin' },
    [/\/etc\/(nix\/(nix\.conf|machines)|ssh\/sshd?_config)\b/, linuxOnly],
  ],
  ['macOS', macos, [linuxOnly]],
  [
    'Alpine',
    { ...nixos, id: 'alpine', init: 'openrc', moduleSystem: 'none', packages: 'apk' },
    [/\b(systemctl|journalctl|usermod|useradd|groupadd|apt(-get)?|launchctl|dscl)\b/],
  ],
];

t.same(problems, []);
for (const [name, system, words] of never)
  t.test(`no step of the suite types on ${name} what is not for it`, (t) => {
    for (const { title, cause, step } of steps) {
      if (onlyThere[cause ?? '']?.test(name) === false) continue;
      const { run = '', edit, module, others } = stepAsWritten(step, system);
      t.equal(others, undefined, `${title} has one form`);
      const typed = `${run}\n${step.machines === undefined ? (edit?.file ?? '') : ''}`;
      for (const word of words) t.notMatch(typed, word, `${title}: ${run}`);
      if (module !== undefined) t.not(system.moduleSystem, 'none', title);
    }
    t.ok(steps.length > 200, `${steps.length} steps`);
    t.end();
  });
