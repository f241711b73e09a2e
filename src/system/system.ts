/** What a machine is, as far as a fix depends on it. */
export interface System {
  /** `ID` of os-release, `macos`, or empty. */
  id: string;
  family: 'linux' | 'darwin' | 'other';
  init: 'systemd' | 'openrc' | 'launchd' | 'none';
  /** What writes /etc there. */
  moduleSystem: 'nixos' | 'nix-darwin' | 'none';
  /** Determinate Nix writes /etc/nix/nix.conf itself. */
  determinate: boolean;
  /** The file that a person may edit. */
  nixConf: string;
  packages: 'apt' | 'apk' | 'dnf' | 'pacman' | 'zypper' | 'none';
  /** What the SSH server's service is called; empty where that is not known. */
  sshService: string;
  /** sshd_config includes /etc/ssh/sshd_config.d, ssh_config includes /etc/ssh/ssh_config.d. */
  sshdDropIns: boolean;
  sshDropIns: boolean;
  /**
   * Keys that stand in nix.conf after the plain ones of `nix.settings`: its `extra-` ones, and lines of `nix.extraOptions`. Null
   * where that was not seen.
   */
  lateSettings: string[] | null;
}

/** Systems on which a step has a form of its own. */
export type SystemName = 'nixos' | 'nix-darwin' | 'determinate' | 'systemd' | 'macos' | 'alpine' | 'linux';

/** The name under which a form is printed. */
export function nameOf({ moduleSystem, determinate, family, init }: System): SystemName {
  if (moduleSystem !== 'none') return moduleSystem;
  if (determinate) return 'determinate';
  if (family === 'darwin') return 'macos';
  if (init === 'openrc') return 'alpine';
  return init === 'systemd' ? 'systemd' : 'linux';
}

const linux = {
  family: 'linux',
  init: 'systemd',
  moduleSystem: 'none',
  determinate: false,
  nixConf: '/etc/nix/nix.conf',
  packages: 'apt',
  sshService: '',
  sshdDropIns: false,
  sshDropIns: false,
  lateSettings: null,
} as const;

/** Debian and Ubuntu as installed. */
export const debian: System = {
  id: 'debian',
  ...linux,
  sshService: 'ssh',
  sshdDropIns: true,
  sshDropIns: true,
};

/** Whether sshd_config includes a folder there was not seen: a line at its top counts either way. */
const debianIncludesUnknown: System = { ...debian, sshdDropIns: false };

/** Most users of Nix are on these; where nothing is known, a step is printed for each. */
const likely: readonly System[] = [
  { id: 'nixos', ...linux, moduleSystem: 'nixos', packages: 'none', sshService: 'sshd' },
  { id: '', ...linux },
  { id: '', ...linux, family: 'darwin', init: 'launchd', packages: 'none' },
  { id: 'alpine', ...linux, init: 'openrc', packages: 'apk', sshService: 'sshd' },
];

/** The systems that a machine may be, as far as its SSH server's greeting tells (RFC 4253 §4.2 allows a comment). */
export function likelySystems(banner: string): readonly System[] {
  return /^SSH-\S+ (Debian|Ubuntu|Raspbian)\b/.test(banner) ? [debianIncludesUnknown] : likely;
}

/** Facts as a check captured them; null for what is no such object. */
export function readSystem(value: unknown): System | null {
  return typeof value === 'object' && value !== null && 'moduleSystem' in value ? (value as System) : null;
}
