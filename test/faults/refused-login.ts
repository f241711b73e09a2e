import { authorise, configureSshd } from './configure.ts';
import { type Fault, type Lab, since } from './fault.ts';

const trusted = { user: { name: 'nix', trusted: true } } as const;
const bash = { user: { name: 'nix', shell: '/bin/bash', trusted: true } } as const;

/** sshd runs this instead of Nix's program, and says so. */
const says =
  (words: string, to: 'stdout' | 'stderr' = 'stdout') =>
  ({ builder }: Lab): Promise<void> =>
    configureSshd(builder.host, {
      ForceCommand: `printf '%s\\n' "${words}"${to === 'stderr' ? ' >&2' : ''}; exit 1`,
    });

const joinsStreams = ({ builder }: Lab): unknown =>
  builder.host.write('/home/nix/.bashrc', 'exec 2>&1\n', 0o644);

/** Logins that succeed, and then run no program or not Nix's alone. */
export const refusedLoginFaults: readonly Fault[] = [
  ...(['2.8', '2.34'] as const).map((nix): Fault => ({
    title: `root may log in with forced commands only, ${nix}`,
    ...since(nix),
    client: { nix },
    builder: { nix, sshd: { PermitRootLogin: 'forced-commands-only' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'root-needs-forced-command',
  })),
  {
    title: 'the server ends the connection after the login',
    builder: { ...trusted, sshd: { ForceCommand: 'kill -9 $PPID' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'session-closed',
    fixNotRun: 'the client is not told why; the printed look at the log tells it',
  },
  {
    title: 'a nologin file, without PAM',
    builder: { profile: 'alpine', ...trusted },
    notOn: { 'debian-12': 'its sshd has PAM', 'debian-sid': 'its sshd has PAM', nixos: 'its sshd has PAM' },
    breaks: ({ builder }) => builder.host.write('/etc/nologin', 'down for maintenance\n', 0o644),
    scenario: 'handshake',
    cause: 'account-closed',
  },
  {
    title: 'an account for sftp only',
    builder: { ...trusted, sshd: { ForceCommand: 'internal-sftp' } },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'account-sftp-only',
  },
  {
    title: 'an account that is tied to a program for sftp',
    builder: { ...trusted, sshd: { ForceCommand: '/usr/lib/openssh/sftp-server' } },
    notOn: { alpine: 'the program lies elsewhere', nixos: 'the program lies elsewhere' },
    breaks: () => undefined,
    scenario: 'handshake',
    cause: 'account-sftp-only',
  },
  {
    title: "a cloud's image lets root in only to name another user",
    breaks: ({ builder }) =>
      authorise(
        builder,
        (key) =>
          `no-port-forwarding,command="echo 'Please login as the user \\"ubuntu\\" rather than the user \\"root\\".';echo;sleep 1;exit 142" ${key}`,
      ),
    scenario: 'handshake',
    cause: 'login-as-other-user',
  },
  {
    title: 'a Git server answers, on standard error',
    breaks: says(
      "Hi builder! You've successfully authenticated, but GitHub does not provide shell access.",
      'stderr',
    ),
    scenario: 'handshake',
    cause: 'not-a-builder',
    fixNotRun: 'which host was meant is not known',
  },
  {
    title: 'a start-up file lets the account start no processes',
    builder: bash,
    breaks: ({ builder }) => builder.host.write('/home/nix/.bashrc', 'ulimit -u 1\n', 0o644),
    scenario: 'handshake',
    cause: 'account-may-start-nothing',
  },
  {
    title: 'a bastion refuses in words of its own',
    builder: trusted,
    breaks: says('Interactive shells are disabled on this bastion.'),
    scenario: 'handshake',
    cause: 'login-refused-in-words',
  },
  {
    title: 'a forced command speaks as nologin does',
    builder: trusted,
    breaks: says('This account is currently not available.'),
    scenario: 'handshake',
    cause: 'shell-nologin',
  },
  {
    title: 'a start-up file sends standard error to standard output, ssh',
    scheme: 'ssh',
    builder: bash,
    breaks: joinsStreams,
    scenario: 'shell',
    cause: 'start-up-file-joins-streams',
    plainBuildWorks: 'only builds that print something fail',
  },
];
