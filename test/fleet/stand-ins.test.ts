import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { resolveInside } from '../../src/support/resolve-inside.ts';
import type { Host } from './host.ts';
import type { Profile } from './profile.ts';
import { type ProfileName, profiles } from './profiles/index.ts';
import { initEnvironment } from './start-script.ts';
import { standInsFolder, typedPath } from './typed-path.ts';
import { withFleet } from './with-fleet.ts';

/** Shell that succeeds where the real program cannot do its work, though it is there. */
const cannotWork: Readonly<Record<string, string>> = {
  systemctl: '[ "$(cat /proc/1/comm)" != systemd ]',
  journalctl: '[ ! -S /run/systemd/journal/socket ]',
};

interface StandIn {
  name: string;
  /** Paths of real programs with that name. */
  real: string[];
}

/** Whether a program lies in the folder of stand-ins, or says in its second line that it is one. */
function isStandIn(root: string, path: string): boolean {
  const file = resolveInside(root, path);
  const [first = '', second = ''] = beginning(file).split('\n', 2);
  return (
    file.startsWith(`${root}${standInsFolder}/`) || (first.startsWith('#!') && second.startsWith('# Stand'))
  );
}

function beginning(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(200);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Seen from outside: forks are slow where an emulator runs the programs. */
function standInsOf({ pid, profile }: Host): StandIn[] {
  const root = `/proc/${pid}/root`;
  const programs = (folder: string): string[] => {
    const seen = resolveInside(root, folder);
    const names = existsSync(seen) ? readdirSync(seen) : [];
    return names.map((name) => join(folder, name)).filter((path) => isProgram(resolveInside(root, path)));
  };
  const searched = typedPath(profile).split(':');
  const found = searched.flatMap(programs).filter((path) => isStandIn(root, path));
  const real = [...new Set([...searched, ...initEnvironment.PATH.split(':')])]
    .flatMap(programs)
    .filter((path) => !isStandIn(root, path));
  return [...new Set(found.map((path) => basename(path)))]
    .sort()
    .map((name) => ({ name, real: real.filter((path) => basename(path) === name) }));
}

function isProgram(file: string): boolean {
  const status = statSync(file, { throwIfNoEntry: false });
  return status?.isFile() === true && (status.mode & 0o111) !== 0;
}

/** Stand-ins that hosts have besides those of `standIns`. */
const others: Partial<Record<ProfileName, readonly string[]>> = {
  // nixpkgs is one.
  nixos: ['nixos-rebuild'],
};

for (const [name, profile] of Object.entries(profiles) as [ProfileName, Profile][]) {
  withFleet(
    `${name}: no stand-in is there for a program that it has for real`,
    async (t, fleet) => {
      const { host } = await fleet.builder({ profile: name });
      const found = standInsOf(host);
      for (const { name: program, real } of found) {
        if (real.length === 0) continue;
        const { exitCode } = await host.sh(cannotWork[program] ?? 'false');
        t.equal(exitCode, 0, `${program}: ${real.join(', ')} cannot do its work there`);
      }
      const names = found.map((one) => one.name).filter((one) => one !== 'nix-remote-builder-doctor');
      // All that a Mac's are.
      if (name === 'bsd-tools') t.ok(names.includes('launchctl'));
      else t.same(names, [...profile.standIns, ...(others[name] ?? [])].sort());
    },
    name,
  );
}

for (const profile of ['debian-12', 'debian-sid', 'nixos'] as const) {
  withFleet(`${profile}: systemctl, journalctl, sudo and usermod are real, and work`, async (t, fleet) => {
    const { host } = await fleet.builder({ profile });
    const typed = (command: string): ReturnType<Host['sh']> =>
      host.sh(command, { env: { PATH: typedPath(host.profile) } });
    const works = {
      systemctl: 'systemctl is-active nix-daemon.socket',
      journalctl: 'journalctl --no-pager -u nix-daemon.socket | grep Listening',
      sudo: 'sudo -n id -u',
      usermod: 'usermod -c somebody root && grep somebody /etc/passwd',
    };
    for (const [program, command] of Object.entries(works)) {
      const { exitCode, stderr } = await typed(command);
      t.equal(exitCode, 0, `${program}: ${stderr}`);
      const head = (await typed(`head -c 4 "$(readlink -f "$(command -v ${program})")"`)).stdout;
      t.match(head, 'ELF', `${program} is no script`);
    }
  });
}
