import { parseMachines } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import type { Json } from '../scenario/observation.ts';
import { quote } from '../shell-quote.ts';
import { nixPath } from './nix-path.ts';
import { entryWith } from './entry-with.ts';
import { settingsOf, versionOf } from './nix-settings.ts';
import { CannotObserve, type Probe, sshOf } from './probe.ts';

/** Sections of the answer, each under a line of its own. Nothing in it needs more rights than the ssh user has. */
const script = `
section() { printf '\\n--- %s ---\\n' "$1"; }
section version; nix --version
section user; id -un; id -nG
section settings; nix --extra-experimental-features nix-command config show --json 2>/dev/null ||
  nix --extra-experimental-features nix-command show-config --json 2>/dev/null
section groups; getent group 2>/dev/null || cat /etc/group
section machines; cat /etc/nix/machines 2>/dev/null
section arch; uname -m
section cores; nproc 2>/dev/null || getconf _NPROCESSORS_ONLN
section binfmt; cd /proc/sys/fs/binfmt_misc 2>/dev/null && grep -l '^enabled' * 2>/dev/null
section sshd; sshd=$(command -v sshd || echo /usr/sbin/sshd); "$sshd" -T 2>/dev/null | grep -iE '^max(sessions|startups) '
:`;

/** What the builder's own Nix, kernel and SSH server are set to, beside what the entry promises. */
export const builderSettings: Probe = {
  name: 'builder-settings',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    const { stdout, stderr, exitCode } = await transport.run(
      `PATH=$PATH:${quote(nixPath(builder))}; ${script}`,
      { ...context, quick: true },
    );
    const section = sectionsOf(stdout);
    const settings = settingsOf(section('settings'));
    if (settings === null)
      throw new CannotObserve('no-settings', stderr.trim() || `the builder's nix told no settings`);
    const [user = '', groups = ''] = section('user').split('\n');
    const systems = [...texts(settings['system']), ...texts(settings['extra-platforms'])];
    const features = texts(settings['system-features']);
    const promised = [...new Set([...builder.supportedFeatures, ...builder.mandatoryFeatures])];
    const missingSystems = builder.systems.filter(
      (system) => system !== 'builtin' && !systems.includes(system),
    );
    const missingFeatures = promised.filter((feature) => !features.includes(feature));
    const notEmulated = builder.systems.filter(
      (system) => !runsHere(system, section('arch'), section('binfmt').split('\n')),
    );
    const users = buildUsers(settings['build-users-group'], section('groups'));
    const honest = Object.fromEntries(
      (
        [
          [1, missingSystems],
          [5, missingFeatures],
          [6, missingFeatures],
        ] as const
      )
        .filter(([index]) => index < builder.fields.length)
        .map(([index, gone]) => [index, without(builder.fields[index]?.text, gone)]),
    );
    const own = ownBuilders(settings['builders'], section('machines'), versionOf(section('version')));
    return {
      exitCode,
      stderr,
      value: {
        nixVersion: versionOf(section('version')),
        user,
        trusted: isListed(settings['trusted-users'], user, groups.split(' ')),
        // As texts, for sentences.
        systems: systems.join(', '),
        features: features.join(', '),
        missingSystems: missingSystems.join(', '),
        missingFeatures: missingFeatures.join(', '),
        notEmulated: notEmulated.join(', '),
        honestEntry: entryWith(builder, honest),
        sandbox: textOf(settings['sandbox']),
        cores: Number(section('cores')) || 0,
        buildUsers: users,
        entryForBuildUsers: entryWith(builder, { 3: String(users) }),
        maxSilentTime: numberOf(settings['max-silent-time']),
        timeout: numberOf(settings['timeout']),
        minFree: numberOf(settings['min-free']),
        maxSessions: Number(/^maxsessions (\d+)/im.exec(section('sshd'))?.[1] ?? 0),
        maxStartups: Number(/^maxstartups (\d+)/im.exec(section('sshd'))?.[1] ?? 0),
        ownBuilders: own,
        sendsBack: own.includes(context.client.hostname),
      },
    };
  },
};

/** What stands under each `--- NAME ---` of an answer; empty where there is none. */
export function sectionsOf(text: string): (name: string) => string {
  const parts = text.split(/^--- (\w+) ---$/m);
  const sections = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2)
    sections.set(parts[index] ?? '', (parts[index + 1] ?? '').trim());
  return (name) => sections.get(name) ?? '';
}

/** A setting that is a list; older Nix tells some lists as one text. */
function texts(value: Json | undefined): string[] {
  if (typeof value === 'string') return value.split(/\s+/).filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** A setting that older Nix tells as a truth value, and newer as a text: `sandbox` may be `relaxed`. */
function textOf(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

/** `trusted-users` and `allowed-users` name users, groups as `@group`, or everybody as `*`. */
export function isListed(setting: Json | undefined, user: string, groups: readonly string[]): boolean {
  return texts(setting).some(
    (name) => name === '*' || name === user || (name.startsWith('@') && groups.includes(name.slice(1))),
  );
}

const nativeArchs: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['x86_64', 'i686', 'i586', 'i486', 'i386'],
  aarch64: ['aarch64', 'armv8l', 'armv7l', 'armv6l'],
  arm64: ['aarch64'],
  armv7l: ['armv7l', 'armv6l'],
  ppc64le: ['powerpc64le'],
};

/** binfmt_misc names its handlers as it likes; by custom they hold the name of the processor, as `qemu-aarch64`. */
function runsHere(system: string, arch: string, handlers: readonly string[]): boolean {
  const [wanted = '', os] = system.split('-');
  if (os !== 'linux' || arch === '') return true;
  const native = nativeArchs[arch] ?? [arch];
  const family = wanted.replace(/^armv\d.*$/, 'arm').replace(/^i\d86$/, 'i386');
  return native.includes(wanted) || handlers.some((name) => name.includes(family));
}

/** A column without what the builder does not offer. */
function without(column: string | undefined, gone: readonly string[]): string {
  const kept = (column ?? '').split(',').filter((item) => !gone.includes(item));
  return kept.join(',') || '-';
}

/** Builds at a time, by the members of the group that builds run as; 0: no limit is known. */
function buildUsers(group: Json | undefined, groups: string): number {
  const name = typeof group === 'string' ? group : '';
  const line = groups.split('\n').find((text) => name !== '' && text.startsWith(`${name}:`));
  return (
    line
      ?.split(':')[3]
      ?.split(',')
      .filter((user) => user !== '').length ?? 0
  );
}

/** Hosts to which the builder's own Nix sends builds. */
function ownBuilders(setting: Json | undefined, machinesFile: string, nixVersion: string): string[] {
  const { builders } = parseMachines(typeof setting === 'string' ? setting : '', {
    nixVersion: nixVersion || assumedVersion,
    system: '',
    readFile: (path) => (path === '/etc/nix/machines' ? machinesFile : null),
  });
  return builders.map(({ host, uri }) => (host === '' ? uri : host));
}
