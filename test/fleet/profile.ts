import type { FixForm } from '../../src/generated/types.ts';
import type { NixVersion } from './rootfs.ts';

/** Login shells that an ssh user may have. */
export type LoginShell = 'bash' | 'dash' | 'zsh' | 'fish' | 'tcsh' | 'ash';

/** A user besides root that may log in. */
export interface UserSpec {
  name: string;
  /** Path. */
  shell: string;
  /** Whether the host's Nix trusts the user. */
  trusted: boolean;
}

export interface SshdSpec {
  port: number;
  /** Options for sshd_config, over the profile's own; a list makes a line for each. */
  options: Readonly<Record<string, string | readonly string[]>>;
  /** Public key that may log in as root and as the user. */
  authorised: string;
}

/** A host that is about to be made. */
export interface HostSpec {
  name: string;
  address: string;
  /** A folder of the fleet's for this host alone. */
  folder: string;
  nix: NixVersion;
  /** Settings over the profile's own. */
  nixConf: Readonly<Record<string, string>>;
  /** null: this host has no SSH server. */
  sshd: SshdSpec | null;
  user?: UserSpec;
  /** Whether nix-daemon runs. */
  daemon: boolean;
}

/** A service, in shell that root runs inside. */
export interface Service {
  start: string;
  /** Ends the service and all connections to it. */
  stop: string;
  /** Prints what it logged since the host started. */
  log: string;
}

/** The parts of a host that a profile may look at while it starts. */
export interface StartingHost {
  /** A file of the host, seen from outside. */
  path(inside: string): string;
  /** Runs a shell command inside as root. */
  sh(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** What the administrator of a host changes. */
export interface Configuration {
  /** Lines of nix.conf. */
  nix?: readonly string[];
  /** Options of the SSH server, over those that it has. */
  sshd?: SshdSpec['options'];
  /** All that ssh is to be told for every user, as text of ssh_config. */
  ssh?: string;
  /** An account for a person. */
  user?: string;
  /** Lines of the machines file, and that Nix sends builds there. */
  machines?: readonly string[];
  /** A variable of the daemon's environment. */
  daemonVariable?: { name: string; value: string };
  /** The keys that open an account, in place of those that do. */
  authorised?: { user: string; keys: readonly string[] };
}

/** A kind of machine that people have. Each is a file in profiles/ and a line in profiles/index.ts. */
export interface Profile {
  /** What is as on such a machine. */
  real: string;
  /** What is not, and why. */
  notReal: string;
  /** Versions of Nix that it is had with; the first is the default. */
  nixVersions: readonly [NixVersion, ...NixVersion[]];
  /** Nix's name of its system. */
  system: string;
  /** Under which name fixes for it are printed. Absent: `systemd`. */
  forms?: FixForm['for'][number];
  /** Why hosts of it are builders alone; absent: the doctor runs there too. */
  notClient?: string;
  /** Paths of the login shells that it has. The first is what a user gets there. */
  loginShells: Readonly<Partial<Record<LoginShell, string>>>;
  /** Programs of test/fleet/stand-ins that who types a fix finds there in place of a real one. */
  standIns: readonly string[];
  services: Readonly<Record<'sshd' | 'daemon', Service>>;
  /** PATH of commands that a test runs on the host. Absent: that of Debian. */
  path?: string;
  /** PATH of who types a fix. Absent: the same, after the stand-ins. */
  typedPath?: string;
  /** Path of util-linux's setpriv on the host. Absent: it is on the PATH. */
  setpriv?: string;
  /** Makes what all its hosts with that Nix share (a cached root folder), if it is not there yet. */
  prepare(nix: NixVersion): Promise<unknown>;
  /**
   * Writes what the host starts with. Returns the program and its words that start it. It makes the namespaces, writes the
   * process id of the host's first process (as seen from outside) to `init.pid` in the folder, and stays until that
   * process ends. It is killed with SIGKILL when the fleet's own process dies.
   */
  layOut(spec: HostSpec): Promise<readonly string[]>;
  /**
   * Where a file of the host lies outside, also before it starts and after it stops. Absent, or undefined: the file is
   * looked up through the host's first process.
   */
  outside?(folder: string, inside: string): string | undefined;
  /** Makes `text` the machines file. Absent: it is written to /etc/nix/machines. */
  writeMachines?: (host: { enter(): string[] }, text: string) => void;
  /** Puts a change in force where a module system owns the files. Absent: who makes it edits the files and restarts services. */
  configure?: (host: { enter(): string[] }, change: Configuration) => void;
  /** Whether it has started; asked again and again. Throws what prevents it. */
  started(host: StartingHost): boolean | Promise<boolean>;
}
