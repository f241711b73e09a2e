import { configureSshd, giveSmallStore, restartDaemon } from './configure.ts';
import { type Fault, type Lab, since } from './fault.ts';
import { hold, lockHolder } from './handshake.ts';

const trusted = { user: { name: 'nix', trusted: true } } as const;

/** Another store than the builder's own, in the entry. */
const remoteStore =
  (path: string) =>
  ({ client, builder }: Lab): void =>
    client.machines(`ssh-ng://root@${builder.name}?remote-store=${path} x86_64-linux - 4`);

/** What keeps the store of a builder from the builds that are sent there. */
export const builderStoreFaults: readonly Fault[] = [
  ...(['2.8', '2.34'] as const).map((nix): Fault => ({
    title: `a file stands where the folder of the logs belongs, ${nix}`,
    ...since(nix),
    builder: { ...(nix === '2.34' ? trusted : {}), nix },
    breaks: async ({ builder: { host } }) => {
      await host.sh('nix-store --add /etc/hostname >/dev/null; rm -rf /nix/var/log; : > /nix/var/log');
      await restartDaemon(host);
    },
    scenario: 'remote-build',
    cause: 'builder-state-is-file',
  })),
  {
    title: 'the file system of the logs is read-only',
    breaks: ({ builder }) =>
      builder.host.sh(
        'mkdir -p /nix/var/log; mount -t tmpfs tmpfs /nix/var/log; mount -o remount,ro /nix/var/log',
      ),
    scenario: 'remote-build',
    cause: 'builder-state-read-only',
  },
  {
    title: 'the links of auto-optimise-store are on a file system of their own',
    notOn: { nixos: 'its store holds links of its packages' },
    builder: { nix: '2.34', nixConf: { 'auto-optimise-store': 'true' } },
    breaks: ({ builder }) =>
      builder.host.sh('mkdir -p /nix/store/.links; mount -t tmpfs tmpfs /nix/store/.links'),
    scenario: 'nix-store-permissions',
    cause: 'links-on-other-file-system',
  },
  {
    title: 'nix.conf sets store = local, and the user is not root',
    notOn: { nixos: 'its logins set NIX_REMOTE=daemon' },
    builder: { ...trusted, nix: '2.34', nixConf: { store: 'local' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'builder-store-setting',
  },
  {
    title: 'no program in the store can be run',
    notOn: { nixos: 'its Nix mounts the store anew for itself' },
    breaks: ({ builder }) =>
      builder.host.sh(
        'nix-store --add /etc/hostname >/dev/null; mount --bind /nix/store /nix/store; mount -o remount,bind,noexec /nix/store',
      ),
    scenario: 'remote-build',
    cause: 'store-noexec',
  },
  {
    title: "a file stands where Nix's temporary roots belong",
    builder: { ...trusted, nix: '2.34' },
    breaks: ({ builder }) => builder.host.sh('rm -rf /nix/var/nix/temproots; : > /nix/var/nix/temproots'),
    scenario: 'handshake',
    cause: 'builder-state-is-file',
  },
  {
    title: "a file stands where the daemon's socket belongs",
    notOn: { nixos: 'systemd makes the socket there', 'debian-12': 'systemd makes the socket there' },
    builder: { ...trusted, nix: '2.34' },
    breaks: ({ builder }) =>
      builder.host.sh('pkill nix-daemon; cd /nix/var/nix/daemon-socket && rm -f socket && : > socket'),
    scenario: 'handshake',
    cause: 'daemon-socket-is-no-socket',
  },
  {
    title: 'a dead link stands where the folder of the logs belongs',
    breaks: ({ builder }) =>
      builder.host.sh('mkdir -p /nix/var; rm -rf /nix/var/log; ln -s /srv/gone /nix/var/log'),
    scenario: 'remote-build',
    cause: 'builder-state-is-file',
  },
  {
    title: 'a program holds the lock of the garbage collector, 2.34',
    builder: { nix: '2.34' },
    breaks: ({ builder }) => builder.host.sh(hold(lockHolder('/nix/var/nix/gc.lock'))),
    scenario: 'nix-store-permissions',
    cause: 'gc-lock-held',
  },
  {
    title: 'the remote-store of the entry has no shell for builds',
    notOn: { nixos: 'its newer Nix refuses builds there, which is its own cause' },
    breaks: remoteStore('/tmp/other'),
    scenario: 'local-to-remote-build',
    cause: 'remote-store-without-shell',
    plainBuildWorks: 'it brings its own shell',
  },
  {
    title: 'builds fail in the remote-store of the entry, 2.34',
    client: { nix: '2.34' },
    builder: { nix: '2.34' },
    breaks: remoteStore('/tmp/other'),
    scenario: 'local-to-remote-build',
    cause: 'remote-store-breaks-builds',
  },
  {
    title: 'nothing may be changed in the store (chattr +i)',
    notOn: { nixos: 'its store is a mount of many' },
    // On a file system of its own, for such a folder cannot be removed afterwards.
    breaks: async ({ builder: { host } }) => {
      await giveSmallStore(host, 'size=8g', ':');
      await host.sh('nix-store --add /etc/hostname; chattr +i /nix/store');
    },
    scenario: 'nix-store-permissions',
    cause: 'store-immutable',
  },
  ...(['2.8', '2.34'] as const).map((nix): Fault => ({
    title: `the store is a symbolic link, ${nix}`,
    notOn: { nixos: 'its programs are in the store' },
    builder: { ...(nix === '2.34' ? trusted : {}), nix },
    breaks: async ({ builder: { host } }) => {
      await host.sh('mkdir -p /nix/store; mv /nix/store /home/store; ln -s /home/store /nix/store');
      await restartDaemon(host);
    },
    scenario: 'handshake',
    cause: 'store-is-link',
  })),
  {
    title: "the builder's nix.conf names another store",
    notOn: { nixos: 'its services do not start with such a setting' },
    builder: { nixConf: { store: '/srv/other' } },
    breaks: () => undefined,
    scenario: 'nix-store-permissions',
    cause: 'builder-store-elsewhere',
    plainBuildWorks: 'it brings its own shell',
  },
  {
    title: 'the login sets NIX_STORE_DIR, and the user is root',
    notOn: { nixos: 'the line is in the configuration of its owner' },
    breaks: ({ builder }) => configureSshd(builder.host, { SetEnv: 'NIX_STORE_DIR=/srv/store' }),
    scenario: 'local-to-remote-build',
    cause: 'login-moves-store',
  },
];
