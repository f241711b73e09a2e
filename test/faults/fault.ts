import type { Builder, Client } from '../fleet/index.ts';
import type { BuilderOptions } from '../fleet/builder.ts';
import type { ClientOptions } from '../fleet/client.ts';
import type { Profile } from '../fleet/profile.ts';
import type { NixVersion } from '../fleet/rootfs.ts';
import { type ProfileName, profiles } from '../fleet/profiles/index.ts';

/** A client and its builder, about to be broken. */
export interface Lab {
  client: Client;
  builder: Builder;
  /** Words for `check`, besides its format. */
  args: string[];
  /** Its environment. */
  env: Record<string, string>;
}

/** One way in which remote builds really fail, and what the doctor must say of it. */
export interface Fault {
  /** What is broken, in a few words; also its name. */
  title: string;
  client?: Omit<ClientOptions, 'name'>;
  builder?: Omit<BuilderOptions, 'name'>;
  /** Profiles on which it is no fault, or another one, with the reason. */
  notOn?: Partial<Record<ProfileName, string>>;
  /** What the doctor says on a profile, where that differs. */
  on?: Partial<Record<ProfileName, Partial<Pick<Fault, 'scenario' | 'cause' | 'then' | 'outcome'>>>>;
  /** It opens /dev/kvm, which not every machine has. */
  needsKvm?: true;
  /** Default ssh-ng. */
  scheme?: 'ssh' | 'ssh-ng';
  /** Breaks it; /etc/nix/machines holds the builder's healthy entry by then. */
  breaks: (lab: Lab) => unknown;
  scenario: string;
  cause: string;
  /** Default fail: the cause must then be the builder's root cause. */
  outcome?: 'fail' | 'warn' | 'error' | 'advice';
  /** Causes that the doctor names after the fix, in turn; their fixes are run too. */
  then?: readonly string[];
  /** Typed in answer to a fix that asks. */
  answer?: string;
  /** Why a plain build succeeds all the same (`--confirm`). */
  plainBuildWorks?: string;
  /** Why a plain build fails all the same, though the doctor only warns. */
  plainBuildFails?: string;
  /** Why the printed fix is not run here; absent: it is run, and must heal. */
  fixNotRun?: string;
}

/** For a fault that is there once for each version of Nix: profiles that have only newer ones try those. */
export function since(nix: NixVersion): Pick<Fault, 'notOn'> {
  return nix === '2.8' ? { notOn: { nixos: 'its Nix is newer' } } : {};
}

/** What the doctor must say of it on a profile. */
export function asOn(fault: Fault, name: ProfileName | undefined): Fault {
  return { ...fault, ...(name === undefined ? {} : fault.on?.[name]) };
}

/** For a fault that is none on several profiles, all for one reason. */
export function notOnAny(reason: string, ...names: ProfileName[]): Partial<Record<ProfileName, string>> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

/** Why it is no fault on a profile; undefined where it is one. */
export function whyNotOn({ notOn, builder }: Fault, name: ProfileName): string | undefined {
  const { loginShells }: Profile = profiles[name];
  const shell = builder?.user?.shell?.split('/').pop();
  const has = shell === undefined || !(shell in profiles.plain.loginShells) || shell in loginShells;
  return notOn?.[name] ?? (has ? undefined : `it has no ${shell}`);
}
