import { createServer } from 'node:net';
import type { Client } from '../../test/fleet/client.ts';

/** What a run of so many builders took of the client. */
export interface Growth {
  builders: number;
  seconds: number;
  msPerBuilder: number;
  /** Highest resident memory, in MB. */
  memoryMb: number;
  /** Most files and sockets that were open at once. */
  files: number;
  /** The longest that the program kept its event loop busy without a break, in milliseconds. */
  longestPauseMs: number;
}

/**
 * Loaded before the program: watches memory, files and the event loop from inside. A pause is what the program itself
 * worked between two turns, by its processor time: on a machine with two cores it also waits while others work.
 */
const watcher = `
const { readdirSync, writeFileSync } = require('node:fs');
let files = 0;
setInterval(() => { files = Math.max(files, readdirSync('/proc/self/fd').length); }, 50).unref();
const clocks = () => { const { user, system } = process.cpuUsage(); return [performance.now(), (user + system) / 1000]; };
let before = clocks();
let longest = 0;
setInterval(() => {
  const now = clocks();
  longest = Math.max(longest, Math.min(now[0] - before[0], now[1] - before[1]));
  before = now;
}, 5).unref();
process.on('exit', () => writeFileSync('/tmp/watched.json', JSON.stringify({
  memoryMb: Math.round(process.resourceUsage().maxRSS / 1024), files, longestPauseMs: Math.round(longest) })));
`;

/**
 * Checks so many builders behind one port of this process. \`refusing\`: it greets like an SSH server and hangs up, so
 * that each builder costs its look at the network, a login that fails, and a whole report. \`silent\`: it takes the
 * connection and says nothing, as a dead host behind a firewall does.
 */
export async function measureGrowth(
  client: Client,
  kind: 'refusing' | 'silent',
  builders: number,
  args: readonly string[],
): Promise<Growth> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (kind === 'refusing') socket.end('SSH-2.0-stand-in\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    client.host.write('/root/.ssh/config', `Host many-*\n  HostName 127.0.0.1\n  Port ${port}\n`);
    // A host that ssh knows, by whatever key, so that a login may be tried at once.
    const [type, key] = client.host.read('/root/.ssh/id_ed25519.pub').split(' ');
    client.host.write('/root/.ssh/known_hosts', `[127.0.0.1]:${port} ${type} ${key}\n`);
    client.host.write('/tmp/watcher.cjs', watcher);
    const names = Array.from({ length: builders }, (_, index) => `many-${index}`);
    client.machines(...names.map((name) => `ssh-ng://root@${name} x86_64-linux - 4`));
    const [node = '', ...words] = client.doctorWords([
      'check',
      ...args,
      '-f',
      'json=/tmp/many.json',
      '-f',
      'html=/tmp/many.html',
    ]);
    const started = performance.now();
    const { exitCode, stderr } = await client.host.run([node, '-r', '/tmp/watcher.cjs', ...words], {
      timeoutMs: 1_200_000,
    });
    const seconds = (performance.now() - started) / 1000;
    if (![0, 1, 3].includes(exitCode))
      throw new Error(`growth to ${builders}: exit ${exitCode}: ${stderr.slice(-500)}`);
    const watched = JSON.parse(client.host.read('/tmp/watched.json')) as Omit<
      Growth,
      'builders' | 'seconds' | 'msPerBuilder'
    >;
    return { builders, seconds, msPerBuilder: (seconds * 1000) / builders, ...watched };
  } finally {
    client.host.write('/root/.ssh/config', '');
    server.close();
  }
}
