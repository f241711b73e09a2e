import { accessSync, constants, existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { thisUser } from '../system/this-user.ts';
import { externalBuildersOf } from '../routing/external.ts';
import type { System } from '../system/system.ts';
import type { Json } from '../scenario/observation.ts';
import { readUnit, type UnitOption } from './daemon-unit.ts';
import type { DaemonEnvironment } from './daemon-environment.ts';
import type { Transport } from '../transport/transport.ts';
import { listSetting, readNixSettings } from './settings.ts';
import { detectSystem } from '../system/detect.ts';
import type { ExternalBuilders } from '../routing/request.ts';

/** The client as Nix's daemon sees it. */
export interface ClientView {
  hostname: string;
  user: string;
  isRoot: boolean;
  /** Who called sudo, or empty. */
  caller: string;
  /** False for an ordinary user of a multi-user Nix: the daemon's keys, ssh configuration and environment cannot be seen. */
  seesAsDaemon: boolean;
  environment: DaemonEnvironment;
  /** Whether this machine's daemon makes the builds of a run: there is one, and it takes root's settings. */
  buildsThroughDaemon: boolean;
  /** What the daemon's systemd unit sets. */
  unitOptions: UnitOption[];
  nixVersion: string;
  /** Nix's words where it ends with an error whatever it is asked; else empty. */
  nixFailure: string;
  /** Its `nix` did not answer in time, so nothing is known of it. */
  nixUnanswered: boolean;
  /** Why `settings` is null; else empty. */
  settingsFailure: string;
  system: string;
  /** Null where it could not be looked at. */
  os: System | null;
  extraPlatforms: string[];
  systemFeatures: string[];
  maxJobs: number;
  /** Programs that Nix starts for some systems in place of a builder. */
  external: ExternalBuilders;
  /** The effective `builders` setting; null where Nix could not be asked. */
  buildersSetting: string | null;
  /** `builders-use-substitutes`. */
  buildersUseSubstitutes: boolean;
  /** The words of the `build-hook` setting; null where Nix could not be asked. */
  buildHook: string[] | null;
  /** The program that this machine's Nix runs after each build, as its setting names it; empty: none. */
  postBuildHook: string;
  /** Every setting by its name; null where Nix could not be asked. */
  settings: Record<string, Json> | null;
}

/**
 * Looks at this machine: who runs the doctor, and what its Nix is set to. `client`: runs commands where the daemon does;
 * `itself`: where this program does.
 */
export async function viewClient(
  environment: DaemonEnvironment,
  { client, itself }: { client: Transport; itself: Transport },
  signal: AbortSignal,
): Promise<ClientView> {
  const { socket, place } = environment;
  const [{ version, settings, failure, settingsFailure, unanswered }, os, unitOptions] = await Promise.all([
    readNixSettings(client, signal),
    detectSystem(itself, { timeoutMs: 10_000, signal }).catch(() => null),
    socket === '' ? [] : readUnit(place.unit || 'nix-daemon.service'),
  ]);
  const isRoot = process.getuid?.() === 0;
  return {
    hostname: hostname(),
    user: thisUser().username,
    isRoot,
    caller: isRoot ? (process.env['SUDO_USER'] ?? '') : '',
    seesAsDaemon: isRoot || !isMultiUser(environment.env),
    environment,
    buildsThroughDaemon: isRoot && socket !== '' && trustsRoot(settings?.['trusted-users']),
    unitOptions,
    nixVersion: version,
    nixFailure: failure,
    nixUnanswered: unanswered,
    settingsFailure,
    system: text(settings?.['system']) ?? guessSystem(),
    os,
    extraPlatforms: list(settings?.['extra-platforms']),
    systemFeatures: systemFeaturesOf(settings),
    maxJobs: typeof settings?.['max-jobs'] === 'number' ? settings['max-jobs'] : 1,
    external: externalBuildersOf(settings),
    buildersSetting: text(settings?.['builders']) ?? null,
    buildersUseSubstitutes: settings?.['builders-use-substitutes'] === true,
    buildHook: hookWords(settings?.['build-hook']),
    postBuildHook: text(settings?.['post-build-hook']) ?? '',
    settings,
  };
}

/** With the one that Nix adds where its experimental feature is enabled (store-api.cc, `StoreConfig::getDefaultSystemFeatures`). */
export function systemFeaturesOf(settings: Record<string, Json> | null): string[] {
  const given = list(settings?.['system-features']);
  const recursive = list(settings?.['experimental-features']).includes('recursive-nix');
  return recursive && !given.includes('recursive-nix') ? [...given, 'recursive-nix'] : given;
}

/** In a multi-user Nix the store belongs to root and a daemon connects to the builders. */
function isMultiUser(env: Record<string, string>): boolean {
  // A fresh Nix makes its store only with the first build.
  const store = [env['NIX_STORE_DIR'] ?? '/nix/store', '/nix'].find((folder) => existsSync(folder));
  if (store === undefined) return false;
  try {
    accessSync(store, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** Whether the daemon takes settings from root: the default. A group is not looked up. */
function trustsRoot(trustedUsers: Json | undefined): boolean {
  const users = list(trustedUsers);
  return users.length === 0 || users.includes('root') || users.includes('*') || users.includes('@root');
}

/** A path in old versions, a list of words in new ones. */
function hookWords(value: Json | undefined): string[] | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? listSetting(value) : list(value);
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A setting that is a list. */
export function list(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

const nixArch: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ia32: 'i686',
};

function guessSystem(): string {
  return `${nixArch[process.arch] ?? process.arch}-${process.platform}`;
}
