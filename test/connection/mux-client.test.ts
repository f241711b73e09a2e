import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectMux } from '../../src/connection/mux-client.ts';
import { string, uint32 } from '../../src/connection/mux-messages.ts';
import { startMaster } from '../../src/connection/openssh-master.ts';
import { env, fails, never, soon, startSshd } from './sshd.ts';

const options = { timeoutMs: 10_000, signal: never };

/** A stand-in for an ssh that is too old, broken or somebody else. */
async function standIn(t: Test, connected: (socket: Socket) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mux-'));
  const path = join(folder, 's');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    connected(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return path;
}

const words = (...numbers: number[]): Buffer => string(Buffer.concat(numbers.map(uint32)));
const hello = words(1, 4);
const proxying = words(0x8000000f, 0);

t.test('what is no ssh that lends its connection is left alone', async (t) => {
  await fails(t, connectMux('/nowhere/s', 500), { code: 'ENOENT' });
  await fails(t, connectMux(await standIn(t, () => undefined), 200), {
    message: /did not answer within 200 ms/,
  });
  await fails(t, connectMux(await standIn(t, (socket) => socket.end()), 500), { message: /hung up/ });
  const otherVersion = await standIn(t, (socket) => socket.write(words(1, 5)));
  await fails(t, connectMux(otherVersion, 500), { message: /another protocol/ });
  const noProxy = await standIn(t, (socket) => {
    socket.once('data', () => {
      socket.write(hello);
      socket.once('data', () => socket.write(words(0x80000003, 0)));
    });
  });
  await fails(t, connectMux(noProxy, 500), { message: /passes nothing on/ });
  const nonsense = await standIn(t, (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await fails(t, connectMux(nonsense, 500), { message: /a packet of \d+ bytes|hung up/ });
  const short = await standIn(t, (socket) => socket.write(string('')));
  await fails(t, connectMux(short, 500), { name: 'RangeError' });
});

t.test('a server that breaks the protocol under a command is a lost connection', async (t) => {
  for (const packet of [string('\0'), string(Buffer.from([0, 91, 0])), uint32(0x7fffffff)]) {
    const path = await standIn(t, (socket) => {
      socket.once('data', () => {
        socket.write(hello);
        socket.once('data', () => {
          socket.write(proxying);
          socket.once('data', () => socket.write(packet));
        });
      });
    });
    const connection = await connectMux(path, 500);
    await fails(t, connection.run('true', options), { name: 'TransportError', phase: 'lost' });
    await fails(t, connection.run('true', options), { name: 'TransportError', phase: 'lost' }, 'for good');
  }
});

t.test('a server that asks whether anybody is there gets an answer', async (t) => {
  const sshd = await startSshd(t, ['ClientAliveInterval 1', 'ClientAliveCountMax 1']);
  const folder = mkdtempSync(join(sshd.folder, 'run-'));
  const master = await startMaster({ words: sshd.words(), env, folder, timeoutMs: 5_000, signal: never });
  const connection = await connectMux(master.socket, 1_000);
  t.match(await connection.run('sleep 6; echo here', options), { stdout: 'here\n', exitCode: 0 });
  connection.end();
  await master.close();
});

t.test('ssh lives as long as somebody holds its connection, and no longer', async (t) => {
  const sshd = await startSshd(t);
  const path = join(sshd.folder, 'login');
  const [host = '', ...rest] = sshd.words();
  // As Nix's own login: one session, and the connection ends with it.
  const ssh = ['-oControlMaster=yes', `-oControlPath=${path}`, host, ...rest.slice(0, -1), 'sleep 0.5'];
  const ended = once(spawn('ssh', ssh, { env, stdio: 'ignore' }), 'exit');
  t.ok(await soon(() => existsSync(path)));
  const connection = await connectMux(path, 1_000);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.match(await connection.run('echo still', options), { stdout: 'still\n' });
  connection.end();
  await ended;
  t.notOk(existsSync(path));
});
