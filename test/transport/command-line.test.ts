import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { clientTransport } from '../../src/transport/local-process.ts';
import { isDaemon, parseEnviron } from '../../src/nix/daemon-process.ts';
import { asSeenBySsh, daemonEnvironment } from '../../src/nix/daemon-environment.ts';
import { askSshConfig } from '../../src/ssh/shared-config.ts';
import { parseSshConfig, resolveSshConfig } from '../../src/ssh/effective-config.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type NixSsh, nixSshWords, writePinnedKnownHosts } from '../../src/ssh/nix-ssh-words.ts';
import { env, never, soon } from '../connection/sshd.ts';

const folder = mkdtempSync(join(tmpdir(), 'command-line-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const started = ['-oPermitLocalCommand=yes', '-oLocalCommand=echo started', '--'];
const base: NixSsh = {
  host: 'h',
  user: 'u',
  port: null,
  sshKey: '',
  compress: false,
  knownHostsFile: null,
  nixSshOpts: '',
  nixVersion: '2.34.8',
};

t.test('the words for ssh are those of the version of Nix', async (t) => {
  const full = {
    ...base,
    port: 2222,
    sshKey: '/k',
    compress: true,
    knownHostsFile: '/f',
    nixSshOpts: "-o 'A b'",
  };
  const words = (nixVersion: string): string[] => nixSshWords({ ...full, nixVersion });
  const common = ['-i', '/k', '-oUserKnownHostsFile=/f', '-C', '-p2222', ...started];
  t.strictSame(words('2.34.8'), ['u@h', '-x', '-o', 'A b', ...common]);
  t.strictSame(words('2.25.0'), ['u@h', '-x', '-o', "'A", "b'", ...common]);
  t.strictSame(words('2.11.1'), ['u@h', '-x', '-a', '-o', "'A", "b'", ...common]);
  t.strictSame(words('2.93.0 (Lix, like Nix)').slice(0, 8), [
    'u@h',
    '-x',
    '-T',
    '-p',
    '2222',
    '-o',
    "'A",
    "b'",
  ]);
  t.strictSame(nixSshWords({ ...base, user: '' }), ['h', '-x', ...started], 'and nothing is added');
});

t.test('the Nix of this machine gives ssh these words', async (t) => {
  const asked = spawnSync('nix-store', ['--version'], { encoding: 'utf8' });
  const version = asked.error === undefined ? /\d+\.\d+\S*/.exec(asked.stdout)?.[0] : undefined;
  if (version === undefined) {
    t.plan(0, 'there is no Nix here');
    return;
  }
  const bin = join(folder, 'bin');
  const out = join(folder, 'words');
  mkdirSync(bin);
  // The last call is the connection itself; newer versions ask for a running master before.
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${out}\ncp "\${5#*=}" ${out}.pinned\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  const column = Buffer.from('ssh-ed25519 AAAA comment\n').toString('base64');
  spawnSync(
    'nix',
    [
      '--extra-experimental-features',
      'nix-command',
      'store',
      'ping',
      '--store',
      `ssh://u@h?compress=true&ssh-key=/k&base64-ssh-public-host-key=${column}`,
    ],
    {
      env: { ...env, PATH: `${bin}:${env.PATH}`, NIX_SSHOPTS: "-o 'A b'", HOME: folder },
      timeout: 10_000,
    },
  );
  const seen = readFileSync(out, 'utf8').trim().split('\n');
  const pinned =
    seen.find((word) => word.startsWith('-oUserKnownHostsFile='))?.slice('-oUserKnownHostsFile='.length) ??
    '';
  const ours = nixSshWords({
    ...base,
    compress: true,
    sshKey: '/k',
    knownHostsFile: pinned,
    nixSshOpts: "-o 'A b'",
    nixVersion: version,
  });
  const remote = seen.slice(seen.findIndex((word) => word.startsWith('nix-store')));
  // The marks of the login do no harm where this version does not set them itself.
  const without = (words: string[]): string[] => words.filter((word) => !started.includes(word));
  t.strictSame(without(ours), without(seen.slice(0, seen.length - remote.length)));
});

t.test('NIX_SSHOPTS is split as a shell would from Nix 2.26 on', async (t) => {
  const texts = [
    "-o 'A b'",
    'a  b\tc',
    '""',
    'a\'b\'"c"d',
    'a\\ b',
    '"a\\"b\\\\c\\n"',
    "'a\\'",
    '-oX="y z" -v',
    "\\'",
    ' ',
    "''a",
  ];
  for (const text of texts) {
    const shell = execFileSync('sh', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' });
    const expected = text.trim() === '' ? [] : shell.split('\0').slice(0, -1);
    t.strictSame(nixSshWords({ ...base, nixSshOpts: text }).slice(2, -3), expected, text);
  }
  t.throws(() => nixSshWords({ ...base, nixSshOpts: "-o 'A b" }), { message: /unterminated single quote/ });
});

t.test('a pinned host key is written as Nix writes it, for nobody else to change', async (t) => {
  const file = await writePinnedKnownHosts(
    'alpha',
    Buffer.from('ssh-ed25519 AAAA').toString('base64'),
    folder,
  );
  t.equal(readFileSync(file, 'utf8'), 'alpha ssh-ed25519 AAAA\n');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(dirname(file)).mode & 0o777, 0o700);
});

t.test('the ssh configuration is the one that ssh says is in force', async (t) => {
  const client = clientTransport({ env });
  const file = join(folder, 'config');
  writeFileSync(
    file,
    'Host b\n  HostName 10.0.0.1\n  Port 2200\n  ProxyJump gate\n  HostKeyAlias alias\n  IdentityFile ~/.ssh/%h\n',
  );
  const words = nixSshWords({ ...base, host: 'b', sshKey: file, nixSshOpts: `-F ${file}` });
  const asked = await resolveSshConfig(words, client, never);
  const { homedir } = userInfo();
  t.match(asked, {
    ok: true,
    config: {
      hostname: '10.0.0.1',
      port: 2200,
      user: 'u',
      hostKeyAlias: 'alias',
      proxyJump: 'gate',
      identityFiles: [file, `${homedir}/.ssh/10.0.0.1`],
      userKnownHostsFiles: [`${homedir}/.ssh/known_hosts`, `${homedir}/.ssh/known_hosts2`],
    },
  });
  writeFileSync(file, 'UseKeychain yes\n');
  t.match(await resolveSshConfig(words, client, never), {
    ok: false,
    exitCode: 255,
    stderr: /Bad configuration option: usekeychain/,
  });
  t.strictSame(parseSshConfig('proxyjump none\nidentityagent none\nidentityfile none').identityFiles, []);
});

t.test('many builders cost one question, as long as ssh says the same of each', async (t) => {
  const file = join(folder, 'shared-config');
  const real = clientTransport({ env });
  const askAll = async (text: string) => {
    writeFileSync(file, text);
    let asked = 0;
    const client: Transport = {
      ...real,
      run: (command, options) => {
        asked += 1;
        return real.run(command, options);
      },
    };
    for (const [index, host] of ['a', 'nobody', '10.0.0.7', 'host', 'b.lan', 'B.lan', 'jump'].entries()) {
      const knownHostsFile = index % 2 === 0 ? `/tmp/pinned-${host}` : null;
      const words = nixSshWords({ ...base, host, knownHostsFile, nixSshOpts: `-F ${file}` });
      const answer = await askSshConfig({ words, host, knownHostsFile }, client, never);
      t.strictSame(answer, await resolveSshConfig(words, real, never), `${host}: ${text}`);
    }
    return asked;
  };
  // With and without a pinned key: one shell for the first builder itself, one for all others. `B.lan` is not plain.
  for (const text of [
    '',
    'ServerAliveInterval 7\nHost *\n  Port 2200\n  IdentityFile ~/.ssh/%h-%r\n',
    'Host unix/* vsock,* .host\n  ProxyCommand none\n',
  ])
    t.equal(await askAll(text), 5, text);
  for (const text of [
    'Host b.*\n  Port 2200\n',
    'Host=b.lan\n  Port 2200\n',
    '"Host" b.lan\n  Port 2200\n',
    'Host * !b.lan\n  Port 2200\n',
    'Match host b.lan\n  Port 2200\n',
    'Match all\n  Port 2200\n',
    'HostName %h.example\n',
    'ProxyJump jump\n',
    'ProxyCommand nc %h %p\n',
    'ControlPath /tmp/%h\n',
    'CanonicalizeHostname yes\n',
  ])
    t.equal(await askAll(text), 9, text);
});

t.test('the daemon and its environment', async (t) => {
  await t.test('is told from what looks like it', async (t) => {
    t.ok(isDaemon(['/usr/bin/nix-daemon', '--daemon'], '/usr/bin/nix-daemon'));
    t.ok(isDaemon(['nix-daemon', '4711'], '/nix/store/x-nix-2.18/bin/nix'));
    t.ok(isDaemon(['nix', 'daemon'], '/nix/store/x-nix-2.34/bin/nix'));
    t.notOk(
      isDaemon(['nix-daemon', '--stdio'], '/usr/bin/nix-daemon'),
      'one that serves a client of this machine',
    );
    t.notOk(isDaemon(['nix', 'build'], '/usr/bin/nix'));
    t.notOk(isDaemon(['nix-daemon'], '/usr/bin/vim'));
  });

  await t.test('loses what Nix unsets and nothing else', async (t) => {
    t.strictSame(parseEnviron('A=1\0B=x=y\0=odd\0C=\0'), { A: '1', B: 'x=y', C: '' });
    const seen = asSeenBySsh({
      PATH: '/p',
      NIX_SSHOPTS: '-v',
      SSH_AUTH_SOCK: '/s',
      SSH_ASKPASS: '/a',
      DISPLAY: ':0',
    });
    t.strictSame(seen, { PATH: '/p', NIX_SSHOPTS: '-v', SSH_AUTH_SOCK: '/s' }, 'no home folder is added');
  });

  await t.test('is read from the running daemon, by root', async (t) => {
    if (process.getuid?.() !== 0) {
      t.plan(0, 'only root can read it');
      return;
    }
    if ((await daemonEnvironment()).source === 'nix-daemon process') {
      t.plan(0, 'a real one runs here');
      return;
    }
    // A program of that name, and one in a container.
    const daemon = join(folder, 'nix-daemon');
    copyFileSync('/bin/sleep', daemon);
    const inside = spawn('unshare', ['-p', '-f', '--kill-child', daemon, '60'], {
      env: { ...env, WHOSE: 'container' },
      stdio: 'ignore',
    });
    t.teardown(() => inside.kill('SIGKILL'));
    await soon(() => spawnSync('pgrep', ['-P', String(inside.pid)]).status === 0);
    t.equal(
      (await daemonEnvironment()).source === 'nix-daemon process',
      false,
      'the daemon of a container is not ours',
    );
    const host = spawn(daemon, ['61'], {
      env: { PATH: '/daemon/bin', NIX_SSHOPTS: '-4', SSH_AUTH_SOCK: '/agent' },
      stdio: 'ignore',
    });
    t.teardown(() => host.kill('SIGKILL'));
    t.ok(await soon(() => readFileSync(`/proc/${host.pid}/cmdline`, 'utf8').includes('61')));
    const seen = await daemonEnvironment();
    t.match(seen, {
      source: 'nix-daemon process',
      daemonPid: host.pid,
      env: { PATH: '/daemon/bin', NIX_SSHOPTS: '-4' },
    });
    t.match(seen.env, { SSH_AUTH_SOCK: '/agent' });
    t.notOk('HOME' in seen.env, 'nothing is added');
  });
});
