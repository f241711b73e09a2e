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
  /** The longest that the event loop stood still, in milliseconds. */
  longestPauseMs: number;
}

/** Loaded before the program: watches memory, files and the event loop from inside. */
const watcher = `
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { readdirSync, writeFileSync } = require('node:fs');
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let files = 0;
setInterval(() => { files = Math.max(files, readdirSync('/proc/self/fd').length); }, 50).unref();
process.on('exit', () => writeFileSync('/tmp/watched.json', JSON.stringify({
  memoryMb: Math.round(process.resourceUsage().maxRSS / 1024), files, longestPauseMs: Math.round(delay.max / 1e6) })));
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
