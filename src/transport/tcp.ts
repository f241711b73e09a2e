import type { Socket } from 'node:net';
import type { GreetedSocket } from './greeted-socket.ts';
import { connectInNamespace } from './namespace-socket.ts';
import { errorCode, openSocket } from './socket.ts';

/** What connecting and listening for the server's first line saw. */
export interface TcpSeen {
  connected: boolean;
  /** The system's error code, `timeout`, or empty. */
  error: string;
  /** The first line that starts with `SSH-`, else the first line; empty when nothing was said. */
  banner: string;
  /** Everything the server said before we hung up, in lines of at most 255 bytes; an SSH server may greet first. */
  firstLines: string[];
  address: string;
  connectMs: number;
  bannerMs: number;
}

/** RFC 4253 §4.2: an identification is at most 255 bytes, and a server may send some lines before it. */
const maxBytes = 8 * 1024;
const longestLine = 255;

interface Target {
  host: string;
  port: number;
  /** For the connection. */
  timeoutMs: number;
  /** For the server's first line after it; default: what is left of `timeoutMs`. */
  greetingMs?: number;
  signal: AbortSignal;
  kept?: GreetedSocket;
  /** Words that enter another network (networkWords). */
  enter?: readonly string[];
}

/**
 * Connects to a port and reads the server's first words. Never throws for what a network can do. The connection to an
 * SSH server goes to `kept`, where that is given.
 */
export async function tcpProbe(target: Target): Promise<TcpSeen> {
  const { host, port, enter = [] } = target;
  if (enter.length === 0) return probeOn(openSocket(host, port), target);
  try {
    return await probeOn(await connectInNamespace({ ...target, enter }), target);
  } catch (error) {
    return { ...nothingSeen, error: errorCode(error as NodeJS.ErrnoException) || String(error) };
  }
}

const nothingSeen: TcpSeen = {
  connected: false,
  error: '',
  banner: '',
  firstLines: [],
  address: '',
  connectMs: 0,
  bannerMs: 0,
};

function probeOn(
  socket: Socket,
  { host, port, timeoutMs, greetingMs, signal, kept }: Target,
): Promise<TcpSeen> {
  return new Promise((resolve) => {
    const started = performance.now();
    const seen = { ...nothingSeen };
    let text = '';
    let done = false;
    const finish = (error: string): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      const known = linesOf(text);
      const speaks = error === '' && !socket.readableEnded && known.banner.startsWith('SSH-');
      if (!speaks || kept?.keep(socket, { host, port }, Buffer.from(text, 'latin1')) !== true)
        socket.destroy();
      resolve({ ...seen, error: seen.error === '' ? error : seen.error, ...known });
    };
    let timer = setTimeout(() => finish('timeout'), timeoutMs);
    const cancel = (): void => finish('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    const connected = (): void => {
      seen.connected = true;
      seen.address = socket.remoteAddress ?? '';
      seen.connectMs = performance.now() - started;
      if (greetingMs === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(() => finish('timeout'), greetingMs);
    };
    if (socket.connecting) socket.on('connect', connected);
    else connected();
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      seen.bannerMs = performance.now() - started;
      if (/^SSH-[^\n]*\n/m.test(text) || text.length >= maxBytes) finish('');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(errorCode(error) || error.message));
    socket.on('end', () => finish(''));
    socket.on('close', () => finish(''));
  });
}
function linesOf(text: string): Pick<TcpSeen, 'banner' | 'firstLines'> {
  const firstLines = text
    .split(/\r?\n/)
    .map((line) => line.trim().slice(0, longestLine))
    .filter((line) => line !== '');
  return { banner: firstLines.find((line) => line.startsWith('SSH-')) ?? firstLines[0] ?? '', firstLines };
}
