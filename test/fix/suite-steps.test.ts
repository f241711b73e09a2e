import t from 'tap';
import type { System } from '../../src/system/system.ts';
import { nixos, suiteSteps } from './suite.ts';

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
  // It sets NIX_SSHOPTS.
  'agent-forwarded-by-sshopts': /NixOS/,
  'host-key-unchecked-by-sshopts': /NixOS/,
  // Modules of Linux's kernel.
  'kvm-missing': /NixOS|Alpine/,
  // Its commands are those of Linux with shadow's tools, and other systems have no form of their own yet.
  'build-users-missing': /NixOS|nix-darwin/,
  // shadow(5), as PAM of Linux reads it.
  'account-expired': /NixOS|Alpine/,
  'account-refused': /NixOS|Alpine/,
  'password-expired': /NixOS|Alpine/,
};

/** A look at files, which changes none. */
const look = /^(grep|ls|cat) ([^>]|2>\/dev\/null)*$/;

/** A command that does nothing but on macOS. */
const onMacosAlone = /^\[ "\$\(uname -s\)" != Darwin \] \|\| /;

/** What no step may type there. */
const never: readonly (readonly [name: string, system: System, words: readonly RegExp[]])[] = [
  [
    'NixOS',
    nixos,
    [owned, /\b(usermod|useradd|groupadd|gpasswd|chsh|apt(-get)?|dpkg|rc-service|launchctl|dscl|modprobe)\b/],
  ],
  ['nix-darwin', { ...macos, moduleSystem: 'nix-darwin' }, [/\/etc\/nix\/(nix\.conf|machines)\b/, linuxOnly]],
  ['macOS', macos, [linuxOnly]],
  [
    'Alpine',
    { ...nixos, id: 'alpine', init: 'openrc', moduleSystem: 'none', packages: 'apk' },
    [/\b(systemctl|journalctl|usermod|useradd|groupadd|apt(-get)?|launchctl|dscl)\b/],
  ],
];

for (const [name, system, words] of never)
  t.test(`no step of the suite types on ${name} what is not for it`, async (t) => {
    const steps = await suiteSteps(system);
    for (const { title, cause, step, shown } of steps) {
      if (onlyThere[cause]?.test(name) === false) continue;
      const { run = '', edit, module, others } = shown;
      t.equal(others, undefined, `${title} has one form`);
      const typesNothing = look.test(run) || (system.family !== 'darwin' && onMacosAlone.test(run));
      const typed = `${typesNothing ? '' : run}\n${step.machines === undefined ? (edit?.file ?? '') : ''}`;
      for (const word of words) t.notMatch(typed, word, `${title}: ${run}`);
      if (module !== undefined) t.not(system.moduleSystem, 'none', title);
    }
    t.ok(steps.length > 200, `${steps.length} steps`);
  });
