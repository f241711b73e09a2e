import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { DaemonNamespaces } from './namespaces.ts';
import { TransportError } from './transport.ts';

/** Connects where it is started, and hands the connection over; it reads nothing of it. */
const script = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 2000 });
socket.pause();
socket.once('connect', () => process.send('connected', socket));
socket.once('error', (error) => process.send({ code: (error.errors?.at(-1) ?? error).code ?? error.message }));
process.once('disconnect', () => process.exit());
`;

/** Words that enter the network of the daemon and nothing else; none where it has no network of its own. */
export function enterNetworkWords({ enter }: DaemonNamespaces): string[] {
  const [nsenter = '', ...words] = enter;
  const only = words.filter((word) => word.startsWith('--net='));
  return only.length === 0 ? [] : [nsenter, ...only, '--'];
}

interface NamespaceTarget {
  /** As of {@link enterNetworkWords}. */
  enter: readonly string[];
  host: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * A connection from the network that the words enter: a socket belongs to the network in which it was made, whoever reads
 * it. Throws an error with the system's code, or `timeout`.
 */
export function connectInNamespace({
  enter,
  host,
  port,
  timeoutMs,
  signal,
}: NamespaceTarget): Promise<Socket> {
  const [program = '', ...words] = enter;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, process.execPath, '-e', script, host, String(port)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '' },
    });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      settle();
      child.kill();
    };
    const fail = (code: string): void => finish(() => reject(Object.assign(new Error(code), { code })));
    const timer = setTimeout(() => fail('timeout'), timeoutMs);
    const cancel = (): void =>
      finish(() => reject(new TransportError('connect', 'cancelled', { reason: 'cancelled' })));
    signal.addEventListener('abort', cancel, { once: true });
    child.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    child.once('message', (message, handle) => {
      if (handle instanceof Socket) finish(() => resolve(handle));
      else fail((message as { code: string }).code);
    });
    child.once('exit', () => fail('the network of the daemon cannot be entered'));
    if (signal.aborted) cancel();
  });
}
