import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import t from 'tap';
import { connectBuilder } from '../../src/connection/connect.ts';
import { connectOpenssh } from '../../src/connection/openssh.ts';
import type { SshConfig } from '../../src/ssh/effective-config.ts';
import { connectSsh2, whyNotSsh2 } from '../../src/connection/ssh2.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { env, fails, freePort, never, processesWith, type Sshd, soon, startSshd } from './sshd.ts';

const options = { timeoutMs: 10_000, signal: never };

async function configOf(sshd: Sshd, extra = ''): Promise<SshConfig> {
  const asked = await sshd.asked(extra);
  if (!asked.ok) throw new Error(asked.stderr);
  return asked.config;
}

/** As the engine connects; `extra`: more words for ssh. */
async function connect(sshd: Sshd, extra = ''): Promise<Transport> {
  const folder = mkdtempSync(join(sshd.folder, 'run-'));
  const asked = await sshd.asked(extra);
  return connectBuilder({ words: sshd.words(extra), asked, env, folder, pinned: null, signal: never });
}

async function fast(sshd: Sshd, change: Partial<SshConfig> = {}, timeoutMs = 5_000): Promise<Transport> {
  const config = { ...(await configOf(sshd)), ...change };
  return connectSsh2({ config, knownHostsFiles: config.userKnownHostsFiles, timeoutMs, signal: never });
}

const count = (text: string, part: RegExp): number => text.match(new RegExp(part, 'g'))?.length ?? 0;
const known = (sshd: Sshd): string => join(sshd.folder, 'known_hosts');

t.before(() => t.setTimeout(120_000));

t.test('the fast lane is taken where it can be, with one login for all commands', async (t) => {
  const sshd = await startSshd(t);
  const transport = await connect(sshd);
  t.equal(transport.name, 'ssh2');
  for (let number = 0; number < 5; number += 1) await transport.run('true', options);
  await transport.close();
  t.equal(count(sshd.log(), /Accepted publickey/), 1);
  await fails(t, transport.run('true', options), { phase: 'lost' }, 'after close nothing runs');
});

t.test('a host key that is not noted is refused before anything is said', async (t) => {
  const sshd = await startSshd(t);
  writeFileSync(known(sshd), '');
  await fails(t, fast(sshd), { phase: 'host-key' });
  await fails(t, connect(sshd), { phase: 'host-key', message: /Host key verification failed/ });
  t.equal(count(sshd.log(), /Postponed|Accepted|Failed|userauth/), 0);
});

t.test('a line for an authority does not let any key pass', async (t) => {
  const sshd = await startSshd(t);
  const other = readFileSync(join(sshd.folder, 'id.pub'), 'utf8');
  writeFileSync(known(sshd), `@cert-authority * ${other}`);
  await fails(t, fast(sshd), { phase: 'host-key' });
});

t.test('a changed and a revoked host key are refused', async (t) => {
  const sshd = await startSshd(t);
  const own = readFileSync(join(sshd.folder, 'host_ed25519.pub'), 'utf8');
  appendFileSync(known(sshd), `@revoked * ${own}`);
  await fails(t, fast(sshd), { phase: 'host-key' });
  writeFileSync(known(sshd), `[127.0.0.1]:${sshd.port} ${readFileSync(join(sshd.folder, 'id.pub'), 'utf8')}`);
  await fails(t, fast(sshd), { phase: 'host-key' });
});

t.test('the host key that is noted is asked for, not the one that the server likes best', async (t) => {
  const sshd = await startSshd(t);
  writeFileSync(
    known(sshd),
    `[127.0.0.1]:${sshd.port} ${readFileSync(join(sshd.folder, 'host_ecdsa.pub'), 'utf8')}`,
  );
  const transport = await fast(sshd);
  t.match(await transport.run('exit 3', options), { exitCode: 3 });
  await transport.close();
});

t.test('a refused key makes one failed login in all', async (t) => {
  const sshd = await startSshd(t);
  writeFileSync(join(sshd.folder, 'authorized_keys'), '');
  await fails(t, connect(sshd), { phase: 'auth' });
  await soon(() => /Connection (closed|reset)/.test(sshd.log()));
  t.equal(count(sshd.log(), /Failed publickey/), 1, sshd.log());
  t.equal(count(sshd.log(), /Connection from/), 1);
});

t.test('keys are offered in the order of ssh, those open to others left out', async (t) => {
  const sshd = await startSshd(t);
  const wrong = join(sshd.folder, 'wrong');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', wrong]);
  const open = join(sshd.folder, 'open');
  copyFileSync(join(sshd.folder, 'id'), open);
  chmodSync(open, 0o644);
  await fails(t, fast(sshd, { identityFiles: [open] }), { phase: 'auth', message: 'no key file' });
  const transport = await fast(sshd, {
    identityFiles: [join(sshd.folder, 'none'), open, wrong, join(sshd.folder, 'id')],
  });
  t.equal(count(sshd.log(), /Failed publickey/), 1);
  await transport.close();
});

t.test('what ssh2 cannot speak goes through the real ssh', async (t) => {
  await t.test('a jump', async (t) => {
    const sshd = await startSshd(t);
    const proxy = `-oProxyCommand=nc\\ 127.0.0.1\\ ${sshd.port}`;
    t.equal(await whyNotSsh2(await configOf(sshd, proxy)), 'a jump host or proxy command');
  });
  await t.test('key exchange that ssh2 does not know', async (t) => {
    const sshd = await startSshd(t, ['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    await fails(t, fast(sshd), { phase: 'connect', reason: 'no-common-algorithm' });
    const transport = await connect(sshd);
    t.equal(transport.name, 'openssh');
    t.match(await transport.run('echo $((6 * 7))', options), { stdout: '42\n', exitCode: 0 });
    await transport.close();
  });
  await t.test('certificates of host and user', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const file = (name: string): string => join(folder, name);
    const keygen = (...words: string[]): unknown => execFileSync('ssh-keygen', ['-q', ...words]);
    for (const name of ['authority', 'host', 'user']) keygen('-t', 'ed25519', '-N', '', '-f', file(name));
    keygen('-s', file('authority'), '-I', 'host', '-h', '-n', '127.0.0.1', file('host.pub'));
    keygen('-s', file('authority'), '-I', 'user', '-n', userInfo().username, file('user.pub'));
    const sshd = await startSshd(t, [
      `HostKey ${file('host')}`,
      `HostCertificate ${file('host-cert.pub')}`,
      `TrustedUserCAKeys ${file('authority.pub')}`,
    ]);
    writeFileSync(known(sshd), `@cert-authority * ${readFileSync(file('authority.pub'), 'utf8')}`);
    // Nix's own key is tried first, so it must not be the one that lets us in.
    writeFileSync(join(sshd.folder, 'authorized_keys'), '');
    const extra = `-i ${file('user')}`;
    t.equal(await whyNotSsh2(await configOf(sshd, extra)), `the certificate ${file('user-cert.pub')}`);
    const transport = await connect(sshd, extra);
    t.equal(transport.name, 'openssh');
    t.match(await transport.run('exit 3', options), { exitCode: 3 });
    await transport.close();
  });
  await t.test('keys with a passphrase', async (t) => {
    const sshd = await startSshd(t);
    const locked = join(sshd.folder, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-a', '1', '-f', locked]);
    t.match(await whyNotSsh2({ ...(await configOf(sshd)), identityFiles: [locked] }), /locked.*passphrase/);
  });
  await t.test('and the options that it does not have', async (t) => {
    const sshd = await startSshd(t);
    t.equal(await whyNotSsh2(await configOf(sshd)), null);
    t.match(await whyNotSsh2(await configOf(sshd, '-oIdentityAgent=/run/agent')), 'an agent');
    t.match(await whyNotSsh2(await configOf(sshd, '-oPKCS11Provider=/lib/token.so')), 'PKCS#11');
    t.match(await whyNotSsh2(await configOf(sshd, '-oKnownHostsCommand=/bin/true')), 'KnownHostsCommand');
  });
});

const lanes: [string, (sshd: Sshd) => Promise<Transport>][] = [
  ['ssh2', (sshd) => fast(sshd)],
  [
    'openssh',
    (sshd) => {
      const folder = mkdtempSync(join(sshd.folder, 'run-'));
      return connectOpenssh({ words: sshd.words(), env, folder, timeoutMs: 10_000, signal: never });
    },
  ],
];

for (const [name, open] of lanes) {
  t.test(`${name}: with MaxSessions 1 commands wait for each other`, async (t) => {
    const sshd = await startSshd(t, ['MaxSessions 1']);
    const transport = await open(sshd);
    const numbers = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
    const seen = await Promise.all(
      numbers.map((number) => transport.run(`sleep 0.05; echo ${number}`, options)),
    );
    t.strictSame(
      seen.map(({ stdout }) => stdout.trim()),
      numbers,
    );
    t.equal(count(sshd.log(), /Accepted publickey/), 1, 'over one login');
    await transport.close();
  });

  t.test(`${name}: a process that is left in the background holds up no command`, async (t) => {
    const sshd = await startSshd(t);
    const transport = await open(sshd);
    const started = performance.now();
    const ran = await transport.run('sleep 30 & echo said; exit 4', options);
    t.match(ran, { exitCode: 4, stdout: 'said\n', timedOut: false });
    t.ok(performance.now() - started < 15_000);
    await transport.close();
  });

  t.test(`${name}: with MaxSessions 0 the channel is what failed`, async (t) => {
    const sshd = await startSshd(t, ['MaxSessions 0']);
    const transport = await open(sshd);
    await fails(t, transport.run('true', options), { phase: 'channel' });
    await transport.close();
  });

  t.test(`${name}: a connection that is lost under a command is no exit code`, async (t) => {
    const sshd = await startSshd(t);
    const transport = await open(sshd);
    const running = transport.run('echo $PPID; sleep 30', options);
    running.catch(() => undefined);
    setTimeout(() => {
      // The sshd that serves this connection. Its listener lives on, and would let ssh in again.
      const pids = execFileSync('pgrep', ['-f', 'sshd: root@notty|sshd: .*@notty'], { encoding: 'utf8' })
        .trim()
        .split('\n');
      const ours = pids.filter(
        (pid) =>
          execFileSync('ps', ['-o', 'ppid=', '-p', pid], { encoding: 'utf8' }).trim() === String(sshd.pid),
      );
      for (const pid of ours) process.kill(Number(pid), 'SIGKILL');
    }, 500);
    await fails(t, running, { name: 'TransportError', phase: 'lost' });
    await fails(
      t,
      transport.run('true', options),
      { name: 'TransportError', phase: 'lost' },
      'nor is it made anew',
    );
    await transport.close();
    t.equal(count(sshd.log(), /Accepted publickey/), 1);
  });

  t.test(`${name}: closing leaves nothing`, async (t) => {
    const sshd = await startSshd(t);
    const transport = await open(sshd);
    await transport.run('true', options);
    await transport.close();
    t.strictSame(processesWith(`${sshd.folder}/run-`), []);
    const left = readdirSync(sshd.folder).filter((entry) => entry.startsWith('run-'));
    t.strictSame(
      left.flatMap((entry) => readdirSync(join(sshd.folder, entry))),
      [],
    );
  });

  t.test(`${name}: nobody there`, async (t) => {
    const sshd = await startSshd(t);
    sshd.stop();
    await soon(() => sshd.gone());
    await fails(t, open(sshd), { phase: 'connect', message: /refused/i });
  });
}

t.test('the shared ssh ends with this process, whatever that died of', async (t) => {
  const sshd = await startSshd(t);
  const folder = mkdtempSync(join(sshd.folder, 'run-'));
  const program = `
    import { connectOpenssh } from ${JSON.stringify(new URL('../../src/connection/openssh.ts', import.meta.url).href)};
    const input = { words: ${JSON.stringify(sshd.words())}, env: process.env, folder: ${JSON.stringify(folder)}, timeoutMs: 10000 };
    await connectOpenssh({ ...input, signal: new AbortController().signal });
    console.log('connected');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  t.ok(await soon(() => said.includes('connected'), 20_000));
  t.not(processesWith(`${folder}/cm-`).length, 0);
  child.kill('SIGKILL');
  t.ok(await soon(() => processesWith(`${folder}/cm-`).length === 0), 'no ssh is left');
});

t.test('hostile stand-ins', async (t) => {
  await t.test('a port that accepts and is silent is a timeout, in time', async (t) => {
    const sshd = await startSshd(t);
    const port = await freePort();
    const silent = createServer(() => undefined).listen(port, '127.0.0.1');
    t.teardown(() => silent.close());
    const started = performance.now();
    await fails(t, fast(sshd, { port }, 300), { phase: 'connect', reason: 'timeout' });
    t.ok(performance.now() - started < 2_000);
  });

  await t.test('a server that opens no channel is a timeout of the command', async (t) => {
    const sshd = await startSshd(t);
    const port = await freePort();
    const hostKeys = [readFileSync(join(sshd.folder, 'host_ed25519'))];
    const mute = new ssh2.Server({ hostKeys }, (client) => {
      client.on('authentication', (login) => login.accept());
      client.on('error', () => undefined);
      // A session is asked for, and nobody answers.
      client.on('session', () => undefined);
    }).listen(port, '127.0.0.1');
    t.teardown(() => mute.close());
    writeFileSync(
      known(sshd),
      `[127.0.0.1]:${port} ${readFileSync(join(sshd.folder, 'host_ed25519.pub'), 'utf8')}`,
    );
    const transport = await fast(sshd, { port });
    t.match(await transport.run('true', { ...options, timeoutMs: 200 }), { timedOut: true, exitCode: null });
    await transport.close();
  });

  await t.test('a server that closes the channel without a status is not exit code 0', async (t) => {
    const sshd = await startSshd(t);
    const port = await freePort();
    const hostKeys = [readFileSync(join(sshd.folder, 'host_ed25519'))];
    const curt = new ssh2.Server({ hostKeys }, (client) => {
      client.on('authentication', (login) => login.accept());
      client.on('error', () => undefined);
      client.on('session', (accept) => accept().on('exec', (acceptExec) => acceptExec().end()));
    }).listen(port, '127.0.0.1');
    t.teardown(() => curt.close());
    writeFileSync(
      known(sshd),
      `[127.0.0.1]:${port} ${readFileSync(join(sshd.folder, 'host_ed25519.pub'), 'utf8')}`,
    );
    const transport = await fast(sshd, { port });
    await fails(t, transport.run('true', options), { phase: 'lost' });
    await transport.close();
  });

  await t.test('a cancelled login ends at once', async (t) => {
    const sshd = await startSshd(t);
    const input = { words: sshd.words(), asked: await sshd.asked(), env, folder: sshd.folder, pinned: null };
    await fails(t, connectBuilder({ ...input, signal: AbortSignal.abort() }), { name: 'TransportError' });
    t.equal(count(sshd.log(), /Connection from/), 0);
  });
});
