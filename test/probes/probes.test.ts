import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, readFileSync, writeFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { dns } from '../../src/probes/dns.ts';
import { lookAtKey } from '../../src/ssh/key-file.ts';
import { machines } from '../../src/probes/machines.ts';
import { tcpConnect } from '../../src/probes/tcp-connect.ts';
import { weighting } from '../../src/probes/weighting.ts';
import { clientTransport } from '../../src/transport/local-process.ts';
import { env, freePort, never } from '../connection/sshd.ts';
import { buildersOf, contextOf, valueOf } from './helpers.ts';

t.test('dns asks the resolver of the system', async (t) => {
  t.match(await valueOf(dns, contextOf(), { name: 'localhost' }), { resolved: true, error: '' });
  t.match(await valueOf(dns, contextOf(), { name: '127.0.0.9' }), {
    resolved: true,
    addresses: ['127.0.0.9'],
  });
  const unknown = (await valueOf(dns, contextOf(), { name: 'no-such-host.invalid' })) as { error: string };
  t.match(unknown, { resolved: false, addresses: { length: 0 } });
  t.match(unknown.error, /^(ENOTFOUND|EAI_AGAIN)$/);
});

t.test('tcp-connect tells a server from its first line', async (t) => {
  const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const at = { host: '127.0.0.1', port };
  t.match(await valueOf(tcpConnect, contextOf(), at), { connected: true, isSsh: false, banner: /^HTTP/ });
  const closed = { host: '127.0.0.1', port: await freePort() };
  t.match(await valueOf(tcpConnect, contextOf(), closed), { connected: false, error: 'ECONNREFUSED' });
});

t.test('machines tells errors and traps with their places', async (t) => {
  const context = contextOf(buildersOf('ssh://a x86_64-linux - lots\nssh://b x86_64-linux - 0'));
  t.match(await valueOf(machines, context), {
    builders: 1,
    errors: [/^builders:1:24: /],
    warnings: [/^builders:2:24: /],
    line: 1,
    column: 24,
  });
  t.match(await valueOf(machines, contextOf(buildersOf('ssh://a'))), {
    errors: { length: 0 },
    warnings: { length: 0 },
    code: '',
  });
});

t.test('weighting says in words what an entry is good for', async (t) => {
  const { builders } = buildersOf(
    'ssh://a x86_64-linux,i686-linux - 2 3 kvm\nssh://b x86_64-linux - 0 1 - gpu\nssh://a\nssh://c , - 1',
  );
  const at = (index: number): ReturnType<typeof valueOf> => {
    const builder = builders[index];
    return valueOf(weighting, contextOf({ builders, ...(builder === undefined ? {} : { builder }) }));
  };
  t.match(await at(0), {
    maxJobs: 2,
    sharesSlotsWith: ['line 3'],
    eligibleFor: 'i686-linux and x86_64-linux builds that need nothing but kvm',
  });
  t.match(await at(1), {
    eligibleFor: 'x86_64-linux builds that need nothing but gpu, and only those that need gpu',
    entryWithOneJob: 'ssh://b x86_64-linux - 1 1 - gpu',
  });
  t.match(await at(3), { systems: { length: 0 }, eligibleFor: /^only `builtin`/ });
  await t.rejects(at(9), { code: 'no-builder' });
});

t.test('a private key is looked at with ssh-keygen itself', async (t) => {
  const folder = t.testdir();
  const make = (name: string, passphrase = ''): string => {
    const file = join(folder, name);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'me@here', '-f', file]);
    return file;
  };
  const look = (named: string, files: readonly string[] = [named]): ReturnType<typeof lookAtKey> =>
    lookAtKey(named, files, { client: clientTransport({ env }), root: '', signal: never });

  const good = make('good');
  const [type, key] = readFileSync(`${good}.pub`, 'utf8').split(' ');
  t.same(await look(good), {
    keyFile: good,
    keyState: 'ok',
    publicKey: `${type} ${key}`,
    privateHalf: '',
    meant: '',
  });
  t.match(
    await look('', [join(folder, 'none'), good]),
    { keyFile: good, keyState: 'ok' },
    'the first that exists',
  );
  t.match(await look('', [join(folder, 'none')]), { keyFile: '', keyState: 'none' });
  t.match(await look(join(folder, 'none')), { keyState: 'missing', publicKey: '' });
  t.match(await look(make('locked', 'secret')), { keyState: 'passphrase', publicKey: '' });
  const open = make('open');
  chmodSync(open, 0o644);
  t.match(await look(open), { keyState: 'too-open' });
  const short = make('short');
  writeFileSync(short, readFileSync(short, 'utf8').slice(0, 200));
  t.match(await look(short), { keyState: 'cut-off' });
  const windows = make('windows');
  writeFileSync(windows, readFileSync(windows, 'utf8').replaceAll('\n', '\r\n'));
  appendFileSync(windows, '');
  t.match(await look(windows), { keyState: /^(ok|line-ends)$/ }, 'newer ssh forgives Windows line ends');
  t.match(await look(`${good}.pub`), { keyState: 'public', privateHalf: good });
  t.match(await look(folder), { keyState: 'directory' });
  t.match(await look('/dev/null'), { keyState: 'not-a-file' });
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  t.match(await look(pipe), { keyState: 'pipe' }, 'a pipe is not opened, which would wait for ever');
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  t.match(await look(file('empty', '')), { keyState: 'empty' });
  t.match(await look(file('putty', 'PuTTY-User-Key-File-3: ssh-ed25519\n')), { keyState: 'putty' });
  t.match(await look(file('notes', 'see the wiki\n')), { keyState: 'not-a-key' });
  const text = readFileSync(good, 'utf8');
  t.match(await look(file('no-newline', text.trimEnd())), { keyState: 'line-ends' });
  t.match(await look(file('damaged', text.replace(/^(b3Bl.{20}).*$/m, '$1'))), { keyState: 'damaged' });
  const pem = '-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----\n';
  t.match(await look(file('dsa', pem)), { keyState: 'unsupported' });
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-m', 'PEM', '-N', '', '-f', join(folder, 'rsa')]);
  t.match(await look(join(folder, 'rsa')), { keyState: 'ok' });
  writeFileSync(join(folder, 'rsa.pub'), readFileSync(`${good}.pub`));
  t.match(await look(join(folder, 'rsa')), { keyState: 'other-half', publicKey: /^ssh-rsa / });
  writeFileSync(`${good}.pub`, readFileSync(join(folder, 'open.pub')));
  t.match(await look(good), { keyState: 'ok' }, 'the public half inside counts');
  t.match(await look(join(good, 'below')), { keyState: 'out-of-reach' });
  symlinkSync('loop', join(folder, 'loop'));
  t.match(await look(join(folder, 'loop')), { keyState: 'out-of-reach' });
  t.match(await look(join(folder, 'gone'), ['/root/.ssh/id_rsa']), { keyFile: join(folder, 'gone') });
});
