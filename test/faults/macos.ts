import { notOnAny, type Fault } from './fault.ts';

const onMac = { profile: 'bsd-tools' } as const;
const notOn = notOnAny('it is no Mac', 'debian-12', 'debian-sid', 'nixos', 'alpine', 'arm64');
const withDeterminate = { ...onMac, nix: '2.34' } as const;

/** What breaks builders that are Macs, on a stand-in for one. */
export const macosFaults: readonly Fault[] = [
  {
    title: 'an update of macOS resets /etc/zshenv, so only interactive shells find Nix, ssh-ng',
    builder: withDeterminate,
    breaks: ({ builder: { host } }) => host.write('/etc/zshenv', ''),
    notOn,
    scenario: 'handshake',
    cause: 'nix-not-on-path',
  },
  {
    title: 'sshd on a Mac sets no PATH, so only interactive shells find Nix, ssh',
    scheme: 'ssh',
    builder: onMac,
    breaks: ({ builder: { host } }) => host.write('/etc/ssh/sshd_config.d/zz-nix.conf', ''),
    notOn,
    scenario: 'handshake',
    cause: 'nix-not-on-path',
  },
  {
    title: "launchd does not run Determinate's daemon on a Mac",
    builder: { ...withDeterminate, user: { name: 'nix', trusted: true } },
    breaks: ({ builder: { host } }) => host.stopDaemon(),
    notOn,
    scenario: 'handshake',
    cause: 'daemon-down',
  },
];
