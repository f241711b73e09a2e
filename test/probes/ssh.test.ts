import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { hostKey } from '../../src/probes/host-key.ts';
import { nixConnect } from '../../src/probes/nix-connect.ts';
import { sshConfig } from '../../src/probes/ssh-config.ts';
import { tcpConnect } from '../../src/probes/tcp-connect.ts';
import { nixSshEnvironment } from '../../src/ssh/nix-ssh-words.ts';
import { never, processesWith, type Sshd, soon, startSshd } from '../connection/sshd.ts';
import { contextOf, isolated, me, noSshd, sshContext, valueOf } from './helpers.ts';

t.test("the ssh configuration in force, with Nix's own words", noSshd, async (t) => {
  const context = sshContext(
    t,
    'ssh-ng://nix@alpha:2222',
    `${isolated} -oHostName=10.1.2.3 -oRequestTTY=force`,
  );
  t.match(await valueOf(sshConfig, context), {
    hostname: '10.1.2.3',
    port: 2222,
    user: 'nix',
    isAddress: true,
    throughJump: false,
    lookupName: '10.1.2.3',
    requestTty: 'force',
  });
  const jump = sshContext(t, 'ssh-ng://alpha', `${isolated} -oProxyJump=gate -oHostKeyAlias=a`);
  t.match(await valueOf(sshConfig, jump), { throughJump: true, lookupName: 'a' });
  const pinned = sshContext(t, 'ssh-ng://alpha - - - - - - c3NoLWVk', `${isolated} -oHostName=10.1.2.3`);
  t.match(await valueOf(sshConfig, pinned), { pinnedUnderOtherName: true });
  const bad = await sshConfig.observe({}, sshContext(t, 'ssh-ng://alpha', `${isolated} -oNoSuchOption=1`));
  t.match(bad, { value: { badOption: /nosuchoption/i }, stderr: /NoSuchOption|nosuchoption/ });
  t.not(bad.exitCode, 0);
});

t.test('the host key, against known hosts and the eighth column', noSshd, async (t) => {
  const sshd = await startSshd(t);
  const uri = `ssh-ng://${me}@127.0.0.1:${sshd.port}`;
  const known = `${isolated} -oUserKnownHostsFile=${sshd.folder}/known_hosts`;
  t.match(await valueOf(hostKey, sshContext(t, uri, known)), {
    known: { status: 'match', accepted: true, name: `[127.0.0.1]:${sshd.port}` },
    offered: { type: 'ssh-ed25519', fingerprint: /^SHA256:/ },
    pinned: { given: false },
  });
  const unknown = `${isolated} -oUserKnownHostsFile=${sshd.folder}/none`;
  t.match(await valueOf(hostKey, sshContext(t, uri, unknown)), {
    known: { status: 'unknown', accepted: false },
  });
  const lax = `${unknown} -oStrictHostKeyChecking=accept-new`;
  t.match(await valueOf(hostKey, sshContext(t, uri, lax)), { known: { status: 'unknown', accepted: true } });
  const column = (name: string): string => readFileSync(`${sshd.folder}/${name}.pub`).toString('base64');
  const pin = (text: string): ReturnType<typeof valueOf> =>
    valueOf(hostKey, sshContext(t, `${uri} - - - - - - ${text}`, isolated));
  t.match(await pin(column('host_ed25519')), {
    pinned: { given: true, readable: true, same: true },
    known: { status: 'match' },
  });
  t.match(await pin(column('id')), { pinned: { readable: true, same: false }, known: { accepted: false } });
  t.match(await pin('AAAAC3NzaC1lZDI1NTE5'), { pinned: { given: true, readable: false, same: false } });
});

t.test('a server that shares no algorithm with the probe is left to the login', noSshd, async (t) => {
  const sshd = await startSshd(t, ['KexAlgorithms sntrup761x25519-sha512']);
  const context = sshContext(t, `ssh-ng://${me}@127.0.0.1:${sshd.port}`, isolated);
  await t.rejects(hostKey.observe({}, context), { code: 'does-not-apply', message: /left to the login/ });
});

t.test('the way in that Nix takes, and what stands there', noSshd, async (t) => {
  const sshd = await startSshd(t, ['ForceCommand echo hello']);
  const uri = `ssh-ng://${me}@127.0.0.1:${sshd.port}`;
  const options = `${isolated} -oUserKnownHostsFile=${sshd.folder}/known_hosts`;
  const entry = `${uri} - ${sshd.folder}/id`;
  t.match(await nixConnect.observe({}, sshContext(t, entry, options)), {
    exitCode: 0,
    value: { started: true, answered: false, noise: 'hello\n', noiseBytes: 6, program: 'nix-daemon --stdio' },
  });
  const refused = await nixConnect.observe({}, sshContext(t, `${uri} - ${sshd.folder}/host_ecdsa`, options));
  t.match(refused, {
    exitCode: 255,
    stderr: /Permission denied/,
    value: { started: false, keyState: 'ok', keyFile: `${sshd.folder}/host_ecdsa` },
  });
});

/** An sshd where Nix's program is a stand-in: it greets, and then waits for the end of its input. */
async function withNix(t: Test, ...lines: string[]): Promise<{ sshd: Sshd; entry: string; options: string }> {
  // What a serve protocol of version 2.7 answers.
  const nix = "printf '\\313\\356RT\\0\\0\\0\\0\\007\\002\\0\\0\\0\\0\\0\\0'; cat > /dev/null";
  const sshd = await startSshd(t, [
    `ForceCommand case "$SSH_ORIGINAL_COMMAND" in nix-*) ${nix};; *) eval "$SSH_ORIGINAL_COMMAND";; esac`,
    ...lines,
  ]);
  return {
    sshd,
    entry: `ssh://${me}@127.0.0.1:${sshd.port} - ${sshd.folder}/id`,
    options: `${isolated} -oUserKnownHostsFile=${sshd.folder}/known_hosts`,
  };
}

t.test('where all is well, Nix can use the login that Nix was seen to make', noSshd, async (t) => {
  const { sshd, entry, options } = await withNix(t);
  const context = sshContext(t, entry, options);
  const { exitCode, value } = await nixConnect.observe({}, context);
  t.match(value, { answered: true, noiseBytes: 0 });
  t.equal(exitCode, undefined, 'it has not ended');
  const { controlPath = '' } = value as { controlPath?: string };
  const shared = ['ssh', '-F', 'none', '-oProxyCommand=false', `-oControlPath=${controlPath}`, 'x', 'id -u'];
  const { stdout } = await context.clientTransport.run(shared, { timeoutMs: 5_000, signal: never });
  t.equal(stdout.trim(), String(process.getuid?.()));
  const transport = await context.ssh?.transport(never);
  t.equal(transport?.name, 'openssh');
  t.match(await transport?.run('echo $((6 * 7)); exit 3', { timeoutMs: 5_000, signal: never }), {
    stdout: '42\n',
    exitCode: 3,
  });
  t.equal(sshd.log().match(/Accepted publickey/g)?.length, 1, 'over one login');
  await context.ssh?.close();
  t.notOk(existsSync(controlPath));
  t.same(processesWith(controlPath), []);

  const shares = async (nixSshOpts: string, nixVersion = '2.34.8'): Promise<boolean> => {
    const other = sshContext(t, entry, nixSshOpts, nixVersion);
    return (await other.ssh?.sharing(never)) !== null;
  };
  t.ok(await shares(options));
  t.notOk(
    await shares(`${options} -oControlMaster=auto`),
    "not where ssh's configuration shares logins itself",
  );
  t.notOk(await shares(`${options} -oControlPath=/tmp/%C`));
  t.ok(await shares(options, '2.8.0'));
  t.notOk(await shares(options, '2.15.1'), 'not with a Nix that waits for a login of its own');
  t.ok(await shares(options, '2.16.0'));
});

t.test('a login that goes well proves port and host key, and is the only connection', noSshd, async (t) => {
  const { sshd, entry, options } = await withNix(t, 'LogLevel VERBOSE');
  const context = sshContext(t, entry, options);
  const connections = (): number => sshd.log().match(/Connection from/g)?.length ?? 0;
  const port = { host: '127.0.0.1', port: sshd.port, login: 'proves' };
  t.match(await valueOf(tcpConnect, context, port), { connected: true, isSsh: true, by: 'login' });
  const key = await valueOf(hostKey, context, { login: 'proves' });
  t.match(key, { notOffered: '', known: { status: 'match', accepted: true } });
  t.match(key, { offered: { line: '' } }, 'nobody asked for it');
  t.match(await valueOf(nixConnect, context), { started: true, answered: true });
  t.equal(connections(), 1);

  const others: [title: string, entry: string, options: string][] = [
    ['a key that is not known', entry, options.replace(/known_hosts$/, 'none')],
    ['a key that ssh would take unseen', entry, `${options} -oStrictHostKeyChecking=accept-new`],
    ['a login that fails', entry.replace('/id', '/host_ecdsa'), options],
  ];
  for (const [title, otherEntry, otherOptions] of others) {
    const other = sshContext(t, otherEntry, otherOptions);
    t.match(await valueOf(tcpConnect, other, port), { connected: true, banner: /^SSH-2.0-/ }, title);
  }
  const before = connections();
  const refused = sshContext(t, entry.replace('/id', '/host_ecdsa'), options);
  t.match(await valueOf(hostKey, refused, { login: 'proves' }), { known: { status: 'match' } });
  t.match(await valueOf(nixConnect, refused), { started: false });
  t.equal(connections() - before, 1, 'one that is refused has seen the right host');
});

t.test('a pinned key is proven by a login only where ssh knows no other', noSshd, async (t) => {
  const { sshd, entry } = await withNix(t);
  const key = readFileSync(`${sshd.folder}/host_ed25519.pub`).toString('base64');
  const pinned = `${entry} - - - - ${key}`;
  const look = (options: string, column = pinned): ReturnType<typeof valueOf> =>
    valueOf(hostKey, sshContext(t, column, options), { login: 'proves' });
  const proven = await look(isolated);
  t.match(proven, { pinned: { readable: true, same: true }, known: { status: 'match' } });
  t.match(proven, { offered: { line: '' } });
  const system = `-F none -oGlobalKnownHostsFile=${sshd.folder}/known_hosts`;
  t.match(await look(system), { pinned: { same: true }, offered: { type: 'ssh-ed25519' } });
  const wrong = readFileSync(`${sshd.folder}/id.pub`).toString('base64');
  t.match(await look(system, `${entry} - - - - ${wrong}`), { pinned: { same: false }, offered: {} });
});

t.test('a login that takes long holds nobody up', noSshd, async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  t.teardown(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { sshd } = await withNix(t);
  const known = `${sshd.folder}/silent`;
  writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(`${sshd.folder}/host_ed25519.pub`, 'utf8')}`);
  let slow = 0;
  const loginSlot = { acquired: true, releaseAsSlow: () => (slow += 1) };
  const options = `${isolated} -oUserKnownHostsFile=${known}`;
  const context = sshContext(t, `ssh://127.0.0.1:${port}`, options, undefined, loginSlot);
  const asked = { host: '127.0.0.1', port, login: 'proves' };
  const seen = await valueOf(tcpConnect, { ...context, timeoutMs: 3_000 }, asked);
  t.match(seen, { connected: true, isSsh: false, banner: '', error: 'timeout' });
  t.equal(slow, 1, 'its turn is left to others');
});

t.test('where it allows few sessions, they are left to Nix', noSshd, async (t) => {
  const { sshd, entry, options } = await withNix(t, 'MaxSessions 1');
  const context = sshContext(t, entry, options);
  const { value } = await nixConnect.observe({}, context);
  t.match(value, { answered: true, controlPath: /login/ });
  const transport = await context.ssh?.transport(never);
  if (transport === undefined) throw new Error('no way there');
  const numbers = ['0', '1', '2', '3', '4', '5', '6', '7'];
  const seen = await Promise.all(
    numbers.map((number) =>
      transport.run(`sleep 0.05; echo ${number}`, { timeoutMs: 10_000, signal: never }),
    ),
  );
  t.same(
    seen.map(({ stdout }) => stdout.trim()),
    numbers,
  );
  t.equal(sshd.log().match(/Accepted publickey/g)?.length, 2, 'the commands have one login of their own');
  t.equal(context.ssh?.transportName(), 'ssh2');
  await context.ssh?.close();
  t.same(processesWith(sshd.folder).length, 1, 'sshd alone is left');
});

t.test('where the server ends what nobody uses, the commands log in anew', noSshd, async (t) => {
  const { sshd, entry, options } = await withNix(t, 'UnusedConnectionTimeout 1s');
  const context = sshContext(t, entry, options);
  await nixConnect.observe({}, context);
  const transport = await context.ssh?.transport(never);
  const run = async (): Promise<string | undefined> =>
    (await transport?.run('echo here', { timeoutMs: 5_000, signal: never }))?.stdout;
  t.equal(await run(), 'here\n');
  t.ok(await soon(() => /Connection closed|Disconnected|terminating/i.test(sshd.log()), 10_000), sshd.log());
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(await run(), 'here\n');
  t.equal(sshd.log().match(/Accepted publickey/g)?.length, 2);
  await context.ssh?.close();
});

t.test('ssh gets the shell that this Nix gives it', (t) => {
  const shell = (nixVersion: string): unknown =>
    nixSshEnvironment({ SHELL: '/bin/zsh' }, nixVersion)['SHELL'];
  t.equal(shell('2.34.8'), '/bin/sh');
  t.equal(shell('2.25.0'), '/bin/sh');
  t.equal(shell('2.24.9'), '/bin/zsh');
  t.equal(shell('Lix 2.95.0'), '/bin/zsh');
  t.end();
});

t.test('an entry without ssh has no such way', async (t) => {
  await t.rejects(sshConfig.observe({}, contextOf({ signal: never })), { code: 'no-ssh' });
});
