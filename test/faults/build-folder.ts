import { forbidNamespaces } from './configure.ts';
import { notOnAny, type Fault, type Lab } from './fault.ts';

const nix = '2.34';
const newest = { client: { nix }, builder: { nix } } as const;
const itsOwner = { fixNotRun: 'what to do instead is for the owner of the builder to say' };

/** The entry promises features on top of those of every builder. */
function promise(features: string): (lab: Lab) => void {
  return ({ client, builder }) => client.machines(builder.line('ssh-ng', `x86_64-linux - 4 1 ${features}`));
}

/** What lets builds fail on a builder where Nix itself works. */
export const buildFolderFaults: readonly Fault[] = [
  {
    title: 'no program in the build folder can be run',
    notOn: { nixos: 'its Nix builds elsewhere' },
    breaks: ({ builder }) => builder.host.sh('mount --bind /tmp /tmp; mount -o remount,bind,noexec /tmp'),
    scenario: 'remote-build',
    cause: 'build-dir-noexec',
    fixNotRun: '/tmp is a mount of the test host, which its fix would have to find',
  },
  {
    title: 'no folder has room for what the test builds need, and builds are made elsewhere',
    ...newest,
    breaks: ({ builder }) =>
      builder.host.sh(
        'for folder in /tmp /var/tmp; do mount -t tmpfs -o size=4m,mode=1777 tmpfs $folder; done',
      ),
    scenario: 'remote-build',
    cause: 'no-folder-for-temporary-files',
    outcome: 'error',
    fixNotRun: 'only its owner knows which files may go',
  },
  {
    title: 'the build folder is full, the store is not',
    ...newest,
    breaks: ({ builder }) =>
      builder.host.sh(
        'mkdir -p /nix/var/nix/builds; mount -t tmpfs -o size=1m,mode=755 tmpfs /nix/var/nix/builds',
      ),
    scenario: 'remote-build',
    cause: 'builder-disk-full',
    plainBuildWorks: 'it writes less than the megabyte that the folder has',
    ...itsOwner,
  },
  {
    title: 'Nix refuses /tmp as its folder for builds',
    client: { nix },
    builder: { nix, nixConf: { 'build-dir': '/tmp' } },
    breaks: () => undefined,
    scenario: 'remote-build',
    cause: 'build-dir-refused',
  },
  {
    title: 'Nix cannot set up a sandbox, and may not go without',
    notOn: notOnAny(
      'its Nix can set one up, or needs none',
      'debian-12',
      'debian-sid',
      'nixos',
      'alpine',
      'arm64',
      'bsd-tools',
    ),
    client: { nix },
    builder: { nix, nixConf: { sandbox: 'true', 'sandbox-fallback': 'false' } },
    breaks: ({ builder }) => forbidNamespaces(builder.host),
    scenario: 'remote-build',
    cause: 'builder-cannot-sandbox',
  },
  {
    title: 'a folder /homeless-shelter exists',
    builder: { nixConf: { sandbox: 'false' } },
    breaks: ({ builder }) => builder.host.sh('mkdir /homeless-shelter'),
    scenario: 'remote-build',
    cause: 'homeless-shelter-exists',
  },
  {
    title: 'the post-build-hook fails',
    builder: { nixConf: { 'post-build-hook': '/etc/nix/upload.sh' } },
    breaks: ({ builder }) =>
      builder.host.write('/etc/nix/upload.sh', '#!/bin/sh\necho 401 Unauthorized >&2\nexit 1\n', 0o755),
    scenario: 'remote-build',
    cause: 'builder-hook-fails',
  },
  {
    title: 'the entry promises uid-range, which Nix lists and cannot do without a sandbox',
    notOn: { nixos: 'it has a sandbox' },
    client: { nix },
    builder: { nix, nixConf: { 'system-features': 'big-parallel uid-range' } },
    breaks: promise('big-parallel,uid-range'),
    scenario: 'remote-build',
    cause: 'feature-does-not-work',
  },
];
