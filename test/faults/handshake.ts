import { addUser, configure, restartDaemon } from './configure.ts';
import { notOnAny, type Fault, since } from './fault.ts';

const trusted = { user: { name: 'nix', trusted: true } } as const;
const both = ['2.8', '2.34'] as const;

/** Where the distribution brings a daemon, a host without one is none of its kind. */
const withDaemon = notOnAny('its Nix has a daemon', 'nixos', 'debian-12', 'debian-sid');

/** Makes the store's database. */
const openStore = 'nix-store --add /etc/hostname >/dev/null';

/** Holds a lock itself: what it starts closes the file, as busybox's flock does not. */
export const lockHolder = (file: string): string =>
  `flock -x ${file} sh -c 'exec 3<&- 4<&- 5<&-; exec sleep 900'`;

/** A process that holds a lock as long as the host lives. */
export function hold(command: string): string {
  return `${openStore}; setsid ${command} </dev/null >/dev/null 2>&1 & sleep 0.5`;
}

/** What stops Nix's program on the builder before it speaks. */
export const handshakeFaults: readonly Fault[] = [
  ...both.flatMap((nix): Fault[] => [
    {
      title: `nix.conf includes a file that does not exist, ${nix}`,
      ...since(nix),
      builder: { ...trusted, nix },
      breaks: ({ builder }) => configure(builder.host, 'include /etc/nix/extra.conf'),
      scenario: 'handshake',
      cause: 'builder-nix-conf-broken',
    },
    {
      title: `a line of nix.conf has no =, ${nix}`,
      ...since(nix),
      builder: { ...trusted, nix },
      breaks: ({ builder }) => configure(builder.host, 'trusted-users root nix'),
      scenario: 'handshake',
      cause: 'builder-nix-conf-broken',
    },
    {
      title: `a folder above Nix's state is closed, ${nix}`,
      ...since(nix),
      builder: { ...trusted, nix },
      breaks: ({ builder }) => builder.host.sh('chmod 700 /nix/var/nix'),
      scenario: 'handshake',
      cause: 'nix-state-closed',
    },
    {
      title: `another program holds the lock of the store, ${nix}`,
      ...since(nix),
      builder: { nix },
      breaks: ({ builder }) => builder.host.sh(hold(lockHolder('/nix/var/nix/db/big-lock'))),
      scenario: 'handshake',
      cause: 'big-lock-held',
    },
    {
      title: `the database is on a read-only file system, and the user is not root, ${nix}`,
      ...since(nix),
      builder: { ...trusted, nix },
      breaks: async ({ builder: { host } }) => {
        // A file system of its own, as the overlay that a host lies on cannot be mounted again with other options.
        await host.sh(
          `${openStore}; cd /nix/var/nix; cp -a db /tmp/db; mount -t tmpfs tmpfs db; cp -a /tmp/db/. db; mount -o remount,ro /nix/var/nix/db`,
        );
        await restartDaemon(host);
      },
      scenario: 'handshake',
      cause: 'store-read-only',
    },
    {
      title: `a newer Nix has used the store, and the user is not root, ${nix}`,
      ...since(nix),
      builder: { ...trusted, nix },
      breaks: async ({ builder: { host } }) => {
        await host.sh(`${openStore}; printf 11 > /nix/var/nix/db/schema`);
        await restartDaemon(host);
      },
      scenario: 'handshake',
      cause: 'store-schema-newer',
      fixNotRun: 'the newer Nix is not there to be installed',
    },
    {
      title: `allowed-users names a group that the user is not in, ${nix}`,
      ...since(nix),
      builder: {
        user: { name: 'nix' },
        nix,
        nixConf: { 'allowed-users': 'root @builders' },
      },
      breaks: ({ builder }) => restartDaemon(builder.host),
      scenario: 'handshake',
      cause: 'user-not-allowed',
      // It builds nothing unsigned for a user that it does not trust.
      then: ['untrusted-user'],
      on: { nixos: { then: ['unsigned-input'] } },
    },
    {
      title: `the daemon is stopped by a signal, ${nix}`,
      notOn: {
        ...since(nix).notOn,
        'bsd-tools': 'without /proc the state of a process is not seen, and handshake-hangs is named',
      },
      builder: { ...trusted, nix },
      // Where a socket starts it, it runs by then.
      breaks: ({ builder }) =>
        builder.host.sh(`NIX_REMOTE=daemon ${openStore}; kill -STOP $(pgrep -o nix-daemon)`),
      scenario: 'handshake',
      cause: 'daemon-stopped',
    },
  ]),
  {
    title: 'an included file has a line without =, and the user is not root',
    builder: trusted,
    breaks: ({ builder }) => {
      builder.host.write('/etc/nix/tokens.conf', 'cores 4\n');
      return configure(builder.host, 'include tokens.conf');
    },
    scenario: 'handshake',
    cause: 'builder-nix-conf-broken',
  },
  {
    title: 'an included file holds a bare token',
    builder: trusted,
    breaks: ({ builder }) => {
      builder.host.write('/etc/nix/tokens.conf', `ghp_${'a1'.repeat(18)}\n`);
      return configure(builder.host, '!include tokens.conf');
    },
    scenario: 'handshake',
    cause: 'builder-nix-conf-broken',
  },
  {
    title: "the user's own nix.conf has a line without =",
    builder: trusted,
    breaks: ({ builder }) =>
      builder.host.sh(
        'mkdir -p /home/nix/.config/nix; echo "max-jobs auto" > /home/nix/.config/nix/nix.conf; chown -R nix: /home/nix/.config',
      ),
    scenario: 'handshake',
    cause: 'builder-nix-conf-broken',
  },
  {
    title: 'nix.conf has a value that Nix refuses, over ssh',
    scheme: 'ssh',
    builder: trusted,
    breaks: ({ builder }) => configure(builder.host, 'sandbox = maybe'),
    scenario: 'handshake',
    cause: 'builder-nix-conf-broken',
    fixNotRun: 'the value that was meant is not known',
  },
  {
    title: 'a newer Nix has used the store',
    breaks: ({ builder }) => builder.host.sh(`${openStore}; printf 11 > /nix/var/nix/db/schema`),
    scenario: 'handshake',
    cause: 'store-schema-newer',
    fixNotRun: 'the newer Nix is not there to be installed',
  },
  {
    title: "the URI's remote-program does not exist",
    breaks: ({ client, builder }) =>
      client.machines(
        `ssh-ng://root@${builder.name}?remote-program=/opt/nix/bin/nix-daemon x86_64-linux - 4`,
      ),
    scenario: 'handshake',
    cause: 'remote-program-missing',
    fixNotRun: 'where Nix is on the builder is for its owner to say',
  },
  {
    title: 'the socket of the daemon is closed to all but root',
    builder: trusted,
    breaks: ({ builder }) => builder.host.sh('chmod 600 /nix/var/nix/daemon-socket/socket'),
    scenario: 'handshake',
    cause: 'daemon-socket-closed',
  },
  {
    title: "the folder of the daemon's socket is for root alone",
    notOn: { 'debian-12': 'the folder is for the group nix-users by default, which is its own cause' },
    builder: trusted,
    breaks: ({ builder }) => builder.host.sh('chmod 700 /nix/var/nix/daemon-socket'),
    scenario: 'handshake',
    cause: 'nix-state-closed',
  },
  ...both.map((nix): Fault => ({
    title: `a single-user Nix of another user, ${nix}`,
    notOn: withDaemon,
    builder: { ...trusted, nix, daemon: false, nixConf: { 'build-users-group': '' } },
    breaks: async ({ builder: { host } }) => {
      await addUser(host, 'alice');
      await host.sh(`${openStore}; chown -R alice /nix /home/alice`);
    },
    scenario: 'handshake',
    cause: 'store-of-other-user',
  })),
  {
    title: 'a single-user Nix of an account that is gone',
    notOn: withDaemon,
    builder: { ...trusted, nix: '2.34', daemon: false, nixConf: { 'build-users-group': '' } },
    breaks: ({ builder }) => builder.host.sh(`${openStore}; chown -R 1777 /nix`),
    scenario: 'handshake',
    cause: 'store-of-other-user',
  },
  {
    title: 'no daemon, and nothing of Nix that the user may write to',
    notOn: {
      ...withDaemon,
      alpine: "its package makes Nix's folders, so that daemon-down is named",
      arm64: 'its Nix is older, and keeps no store below a home',
    },
    builder: { ...trusted, nix: '2.34', daemon: false },
    breaks: () => undefined,
    scenario: 'nix-store-permissions',
    cause: 'builder-store-in-home',
  },
  {
    title: 'a backup keeps the database locked',
    notOn: { alpine: 'it has no Python', arm64: 'it has no Python', nixos: 'it has no Python' },
    breaks: ({ builder }) =>
      builder.host.sh(
        hold(
          `/usr/bin/python3 -c "import sqlite3,time; c=sqlite3.connect('/nix/var/nix/db/db.sqlite',isolation_level=None); c.execute('pragma locking_mode=exclusive'); c.execute('begin exclusive'); time.sleep(900)"`,
        ),
      ),
    scenario: 'handshake',
    cause: 'store-busy',
  },
  {
    title: 'the database is damaged',
    breaks: ({ builder }) =>
      builder.host.sh(
        `${openStore}; rm -f /nix/var/nix/db/db.sqlite*; head -c 20000 /dev/urandom > /nix/var/nix/db/db.sqlite`,
      ),
    scenario: 'handshake',
    cause: 'store-database-corrupt',
    fixNotRun: 'there is no backup of the database',
  },
  {
    title: '/nix/var is full, on a file system of its own',
    breaks: ({ builder }) =>
      builder.host.sh(
        `pkill -KILL -x nix-daemon; mount -t tmpfs -o size=1500k,mode=755 tmpfs /nix/var; mkdir -p /nix/var/nix/daemon-socket; ${openStore}; setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 & sleep 1; dd if=/dev/zero of=/nix/var/fill bs=1k 2>/dev/null; true`,
      ),
    scenario: 'handshake',
    cause: 'builder-disk-full',
    fixNotRun: 'the garbage is no store path',
  },
];
