import { parseMachines } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import { quote } from '../support/shell-quote.ts';
import { nixPath } from '../nix/program-path.ts';
import { entryWith, entryWithout } from '../machines/entry-with.ts';
import { promisedFeatures } from '../machines/promised-features.ts';
import { shellCommand } from '../connection/by-hand.ts';
import { versionOf } from '../nix/settings.ts';
import { emulationOf, listEmulators } from '../system/emulators.ts';
import { listUnreadable, refuseUnreadable } from '../nix/readable-conf.ts';
import { sectionsOf } from '../support/sections.ts';
import { listSessionLimits, sessionLimitsIn } from '../system/session-limits.ts';
import { type Probe, sshOf } from './probe.ts';
import { listSetting } from '../nix/settings.ts';
import { exposedSecret, isListed, withoutEverybody } from '../nix/trusted-users.ts';
import { notMeasured, CannotObserve } from '../support/cannot-observe.ts';
import { listFetchMeans, fetchMeansIn } from '../nix/fetch-means.ts';

/** Sections of the answer, each under a line of its own. Nothing in it needs more rights than the ssh user has. */
const script = `${listUnreadable}
section version; nix --version
section settings
settings=$(nix --extra-experimental-features nix-command config show 2>/dev/null ||
  nix --extra-experimental-features nix-command show-config 2>/dev/null)
printf '%s\\n' "$settings"
section files; set -f
value() { printf '%s\\n' "$settings" | sed -n "s/^$1 = //p"; }
# A file below a folder that this user may not enter may well be there.
look() {
  folder=\${2%/*}
  while [ -n "$folder" ] && [ ! -d "$folder" ]; do folder=\${folder%/*}; done
  if [ -e "$2" ]; then
    if [ -d "$2" ]; then echo "$1 folder $2"
    else
      # The daemon runs it as root, for whom one x is enough.
      case $3-$(ls -lLd "$2") in
        run-???x* | run-??????x* | run-?????????x* | read-*) echo "$1 there $2" ;;
        *) echo "$1 closed $2" ;;
      esac
    fi
  elif [ -x "\${folder:-/}" ]; then echo "$1 missing $2"
  else echo "$1 unseen $2"; fi
}
# Every user may read the file, and enter each folder above it.
open_to_all() {
  real=$(readlink -f "$1" 2>/dev/null || echo "$1")
  case $(ls -lLd "$real" 2>/dev/null) in ???????r*) ;; *) return 0 ;; esac
  folder=\${real%/*}
  while [ -n "$folder" ]; do
    case $(ls -ld "$folder") in ?????????[xt]*) ;; *) return 0 ;; esac
    folder=\${folder%/*}
  done
  echo "secret-key-files open $1"
}
for path in $(value post-build-hook); do look post-build-hook "$path" run; done
# Nix runs it to set up the sandbox; where it may fall back to none, only a build tells. A diff-hook lets no build fail.
case $(value sandbox)-$(value sandbox-fallback) in
  true-false | relaxed-false) for path in $(value pre-build-hook); do look pre-build-hook "$path" run; done ;;
esac
for path in $(value secret-key-files); do look secret-key-files "$path" read; open_to_all "$path"; done
set +f
section groups; [ "$(uname -s)" = Darwin ] || getent group 2>/dev/null || cat /etc/group
${listFetchMeans}
section machines; cat /etc/nix/machines 2>/dev/null
section arch; uname -m
section cores; nproc 2>/dev/null || getconf _NPROCESSORS_ONLN
${listEmulators}
section os; uname -s
${listSessionLimits}
:`;

/** What the builder's own Nix, kernel and SSH server are set to, beside what the entry promises. */
export const builderSettings: Probe = {
  name: 'builder-settings',
  parameters: ['unreadable'],
  required: [],
  reproduce: (_parameters, context) =>
    shellCommand(
      sshOf(context).ssh,
      `PATH=$PATH:${quote(nixPath(sshOf(context).builder))}\nid -un; ls -l /etc/nix/nix.conf\nnix --extra-experimental-features nix-command show-config`,
    ),
  observe: async ({ unreadable }, context) => {
    const { builder, ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    const { stdout, stderr, exitCode } = await transport.run(
      `PATH=$PATH:${quote(nixPath(builder))}; ${script}`,
      { ...context, quick: true },
    );
    const section = sectionsOf(stdout);
    const settings = settingsIn(section('settings'));
    const [user = '', groups = ''] = section('user').split('\n');
    const code = unreadable === 'is-an-error' ? 'settings-unreadable' : notMeasured;
    refuseUnreadable(section, { code });
    if (settings.size === 0)
      throw new CannotObserve('no-settings', stderr.trim() || `the builder's nix told no settings`);
    const systems = [...listSetting(settings.get('system')), ...listSetting(settings.get('extra-platforms'))];
    const features = listSetting(settings.get('system-features'));
    const promised = promisedFeatures(builder);
    const missingSystems = builder.systems.filter(
      (system) => system !== 'builtin' && !systems.includes(system),
    );
    // Without the experimental feature Nix refuses such builds, whatever `system-features` says.
    const contentAddressed = listSetting(settings.get('experimental-features')).includes('ca-derivations');
    const notEnabled = promised.filter(
      (feature) => feature === 'ca-derivations' && features.includes(feature) && !contentAddressed,
    );
    const missingFeatures = promised.filter(
      (feature) => !features.includes(feature) || notEnabled.includes(feature),
    );
    const lacking = [...missingSystems, ...missingFeatures].join(', ');
    refuseUnreadable(section, { code, lacking });
    const users = allocatesUsers(settings)
      ? 0
      : buildUsers(settings.get('build-users-group'), section('groups'));
    const honest = entryWithout(builder, missingSystems, missingFeatures, settings.get('system'));
    const own = ownBuilders(settings.get('builders'), section('machines'), versionOf(section('version')));
    return {
      exitCode,
      stderr,
      value: {
        nixVersion: versionOf(section('version')),
        user,
        trusted: isListed(settings.get('trusted-users'), user, groups.split(' ')),
        // As texts, for sentences.
        systems: systems.join(', '),
        features: features.join(', '),
        missingSystems: missingSystems.join(', '),
        missingFeatures: missingFeatures.join(', '),
        notEnabled: notEnabled.join(', '),
        ...emulationOf(builder.systems, section('arch'), section('binfmt'), settings),
        honestEntry: honest,
        entryWithoutKvm: entryWithout(builder, [], ['kvm']),
        sandbox: settings.get('sandbox') ?? '',
        sandboxOff: settings.get('sandbox') === 'false' && (systems[0] ?? '').endsWith('-linux'),
        trustsEverybody: listSetting(settings.get('trusted-users')).includes('*'),
        chosenUsers: withoutEverybody(listSetting(settings.get('trusted-users')), user),
        requireSigs: settings.get('require-sigs') !== 'false',
        ...exposedSecret(/^secret-key-files open (.*)$/m.exec(section('files'))?.slice(1) ?? []),
        cores: Number(section('cores')) || 0,
        buildUsers: users,
        buildGroup: settings.get('build-users-group') ?? '',
        noBuildUsers: noBuildUsers(settings, section('groups')),
        ...wrongFile(section('files')),
        entryForBuildUsers: entryWith(builder, { 3: String(users) }),
        ...limitsOf(settings, builder.scheme),
        ...fetchMeansIn(section, listSetting(settings.get('substituters'))),
        minFree: numberOf(settings.get('min-free')),
        maxSessions: Number(/^maxsessions (\d+)/im.exec(section('sshd'))?.[1] ?? 0),
        // Room for every build, and for others.
        roomyStartups: `${2 * builder.maxJobs}:30:${10 * builder.maxJobs}`,
        // launchd starts an sshd for each connection, and none of them counts the others.
        maxStartups:
          section('os') === 'Darwin' ? 0 : Number(/^maxstartups (\d+)/im.exec(section('sshd'))?.[1] ?? 0),
        ...sessionLimitsIn(section),
        ownBuilders: own,
        sendsBack: own.includes(context.client.hostname),
      },
    };
  },
};

/** `nix config show`: a line `NAME = VALUE` for each setting. */
function settingsIn(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^(\S+) = ?(.*)$/gm)].map(([, name = '', value = '']) => [name, value.trim()]),
  );
}

/** A setting that is a list. */
function numberOf(value: string | undefined): number {
  return Number(value ?? 0) || 0;
}

/** What ends builds there. Over ssh:// the client's own settings count instead (seen with Nix 2.8 and 2.34). */
function limitsOf(
  settings: ReadonlyMap<string, string>,
  scheme: string,
): Record<'maxSilentTime' | 'timeout' | 'maxLog', number> {
  const limit = (name: string): number => (scheme === 'ssh' ? 0 : numberOf(settings.get(name)));
  return {
    maxSilentTime: limit('max-silent-time'),
    timeout: limit('timeout'),
    maxLog: limit('max-build-log-size'),
  };
}

/** Builds at a time, by the members of the group that builds run as; 0: no limit is known. */
function buildUsers(group: string | undefined, groups: string): number {
  const members = groupNamed(group, groups)?.split(':')[3] ?? '';
  return members.split(',').filter((user) => user !== '').length;
}

/** Why builds find no user to run as: the group does not exist, or it has no members; empty where they do. */
function noBuildUsers(settings: ReadonlyMap<string, string>, groups: string): '' | 'no-group' | 'no-members' {
  const group = settings.get('build-users-group') ?? '';
  if (group === '' || allocatesUsers(settings) || groups === '') return '';
  if (groupNamed(group, groups) === undefined) return 'no-group';
  return buildUsers(group, groups) === 0 ? 'no-members' : '';
}

/** Whether each build gets a user that stands in no database, which an experimental feature allows. */
function allocatesUsers(settings: ReadonlyMap<string, string>): boolean {
  const experimental = listSetting(settings.get('experimental-features'));
  return settings.get('auto-allocate-uids') === 'true' && experimental.includes('auto-allocate-uids');
}

/** The line of a group in the group database. */
function groupNamed(name: string | undefined, groups: string): string | undefined {
  return groups.split('\n').find((line) => name !== undefined && name !== '' && line.startsWith(`${name}:`));
}

/** The first of the files that Nix's settings name and that is not what Nix needs; `unseen` ones are left out. */
function wrongFile(text: string): { wrongFile: string; wrongFileSetting: string; wrongFileState: string } {
  const [, wrongFileSetting = '', wrongFileState = '', wrongFile = ''] =
    /^(\S+) (missing|closed) (.*)$/m.exec(text) ??
    /^(post-build-hook|pre-build-hook|secret-key-files) (folder) (.*)$/m.exec(text) ??
    [];
  return { wrongFile, wrongFileSetting, wrongFileState };
}

/** Hosts to which the builder's own Nix sends builds. */
function ownBuilders(setting: string | undefined, machinesFile: string, nixVersion: string): string[] {
  const { builders } = parseMachines(setting ?? '', {
    nixVersion: nixVersion || assumedVersion,
    system: '',
    readFile: (path) => (path === '/etc/nix/machines' ? machinesFile : null),
  });
  return builders.map(({ host, uri }) => (host === '' ? uri : host));
}
