import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { offeredHostKey } from '../../src/ssh/offered-host-key.ts';
import { greetedSocket } from '../../src/transport/greeted-socket.ts';
import { tcpProbe } from '../../src/transport/tcp.ts';
import { fails, freePort, never, startSshd } from '../connection/sshd.ts';

t.before(() => t.setTimeout(60_000));

/** A hostile stand-in: what it does to each connection. */
async function standIn(
  t: Test,
  greet: (socket: Socket) => void,
): Promise<{ host: string; port: number; timeoutMs: number; signal: AbortSignal }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    greet(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    timeoutMs: 400,
    signal: never,
  };
}

t.test('a port is looked at', async (t) => {
  await t.test('an SSH server says who it is', async (t) => {
    const { port } = await startSshd(t);
    const seen = await tcpProbe({ host: '127.0.0.1', port, timeoutMs: 5_000, signal: never });
    t.match(seen, { connected: true, error: '', banner: /^SSH-2\.0-OpenSSH/, address: '127.0.0.1' });
    t.ok(seen.connectMs > 0 && seen.bannerMs >= seen.connectMs);
  });

  await t.test('one that greets first, byte by byte, is an SSH server too', async (t) => {
    const target = await standIn(t, (socket) => {
      for (const byte of 'Welcome!\r\nSSH-2.0-Slow\r\n') socket.write(byte);
    });
    t.match(await tcpProbe(target), { banner: 'SSH-2.0-Slow', firstLines: ['Welcome!', 'SSH-2.0-Slow'] });
  });

  await t.test('closed, silent, foreign, endless, reset, hung up', async (t) => {
    const closed = { host: '127.0.0.1', port: await freePort(), timeoutMs: 400, signal: never };
    t.match(await tcpProbe(closed), { connected: false, error: 'ECONNREFUSED' });
    t.match(
      await tcpProbe({ ...closed, host: 'localhost' }),
      { connected: false, error: 'ECONNREFUSED' },
      'with two addresses too',
    );
    t.match(await tcpProbe({ ...closed, host: 'nowhere.invalid' }), {
      connected: false,
      error: /ENOTFOUND|EAI_AGAIN/,
    });
    t.match(await tcpProbe(await standIn(t, () => undefined)), {
      connected: true,
      error: 'timeout',
      banner: '',
    });
    const foreign = await standIn(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    t.match(await tcpProbe(foreign), { connected: true, error: '', banner: 'HTTP/1.1 400 Bad Request' });
    const endless = await tcpProbe(await standIn(t, (socket) => socket.write('x'.repeat(1_000_000))));
    t.equal(endless.banner.length, 255);
    t.match(
      await tcpProbe(await standIn(t, (socket) => void setTimeout(() => socket.resetAndDestroy(), 50))),
      {
        connected: true,
        error: 'ECONNRESET',
      },
    );
    t.match(await tcpProbe(await standIn(t, (socket) => socket.end())), {
      connected: true,
      error: '',
      banner: '',
    });
    t.match(await tcpProbe({ ...closed, signal: AbortSignal.abort() }), { error: 'cancelled' });
  });
});

t.test('the host key is read', async (t) => {
  await t.test('in one connection, without a login', async (t) => {
    const sshd = await startSshd(t);
    const target = { host: '127.0.0.1', port: sshd.port, timeoutMs: 5_000, signal: never };
    const printed = (name: string): string =>
      execFileSync('ssh-keygen', ['-lf', join(sshd.folder, `${name}.pub`)], { encoding: 'utf8' }).split(
        ' ',
      )[1] ?? '';
    const best = await offeredHostKey({ ...target, types: [] });
    t.match(best, { type: 'ssh-ed25519', fingerprint: printed('host_ed25519'), banner: /^SSH-2\.0-OpenSSH/ });
    t.ok(best.keyMs >= best.connectMs);
    const known = await offeredHostKey({ ...target, types: ['ecdsa-sha2-nistp256'] });
    t.match(
      known,
      { type: 'ecdsa-sha2-nistp256', fingerprint: printed('host_ecdsa') },
      'a type that is known comes first',
    );
    t.equal(sshd.log().match(/Connection from/g)?.length, 2);
    t.notMatch(sshd.log(), /Failed|Postponed|Accepted/);
  });

  await t.test('on the connection that the look at the port left open', async (t) => {
    const sshd = await startSshd(t);
    const kept = greetedSocket();
    const target = { host: '127.0.0.1', port: sshd.port, timeoutMs: 5_000, signal: never, kept };
    t.match(await tcpProbe(target), { banner: /^SSH-2\.0-OpenSSH/ });
    const { banner, type } = await offeredHostKey({ ...target, types: [] });
    t.match([banner, type], [/^SSH-2\.0-OpenSSH/, 'ssh-ed25519']);
    t.equal(sshd.log().match(/Connection from/g)?.length, 1);
  });

  await t.test('and on another, where the server has hung up since', async (t) => {
    const sshd = await startSshd(t);
    let connections = 0;
    // The first is greeted and dropped, as by a server whose patience is short; the next reach the real one.
    const place = await standIn(t, (socket) => {
      connections += 1;
      if (connections === 1) {
        socket.write('SSH-2.0-Impatient\r\n');
        setTimeout(() => socket.end(), 50);
      } else {
        const real = connect(sshd.port, '127.0.0.1').on('error', () => undefined);
        socket
          .on('close', () => real.destroy())
          .pipe(real)
          .pipe(socket);
      }
    });
    const target = { ...place, kept: greetedSocket(), timeoutMs: 5_000 };
    t.match(await tcpProbe(target), { banner: 'SSH-2.0-Impatient' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    t.match(await offeredHostKey({ ...target, types: [] }), { banner: /OpenSSH/ });
    t.equal(connections, 2);
  });

  await t.test('one that nobody takes is hung up', async (t) => {
    const kept = greetedSocket();
    const ended = new Promise<void>((resolve) => {
      void standIn(t, (socket) => {
        socket.on('close', () => resolve()).resume();
        socket.write('SSH-2.0-Waiting\r\n');
      }).then((place) => tcpProbe({ ...place, kept }).then(() => kept.close()));
    });
    await ended;
    t.pass('the server saw it close');
  });

  await t.test('a server without an algorithm in common is told with both lists', async (t) => {
    const sshd = await startSshd(t, ['KexAlgorithms sntrup761x25519-sha512@openssh.com']);
    const target = { host: '127.0.0.1', port: sshd.port, types: [], timeoutMs: 5_000, signal: never };
    await fails(t, offeredHostKey(target), {
      phase: 'connect',
      reason: 'no-common-algorithm',
      message:
        /no key exchange algorithm in common: the server knows sntrup761x25519.*, this probe .*curve25519/,
    });
  });

  await t.test('and what hinders it has a name', async (t) => {
    const fail = async (reason: string, greet: (socket: Socket) => void): Promise<void> =>
      fails(
        t,
        offeredHostKey({ ...(await standIn(t, greet)), types: [] }),
        { phase: 'connect', reason },
        reason,
      );
    await fail('timeout', () => undefined);
    await fail('reset', (socket) => socket.resetAndDestroy());
    await fail('closed', (socket) => socket.end());
    await fail('closed', (socket) => socket.end('SSH-2.0-Gone\r\n'));
    await fail('not-ssh', (socket) => socket.end(`${'x'.repeat(9_000)}\r\n`));
    const closed = { host: 'localhost', port: await freePort(), types: [], timeoutMs: 400, signal: never };
    await fails(t, offeredHostKey(closed), { reason: 'refused', message: /ECONNREFUSED/ });
  });
});
