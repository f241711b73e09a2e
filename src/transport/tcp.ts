import { connect } from 'node:net';

/** What connecting and listening for the server's first line saw. */
export interface TcpSeen {
  connected: boolean;
  /** The system's error code, `timeout`, or empty. */
  error: string;
  /** The first line that starts with `SSH-`, else the first line; empty when nothing was said. */
  banner: string;
  address: string;
  connectMs: number;
  bannerMs: number;
}

/** RFC 4253 §4.2: an identification is at most 255 bytes, and a server may send some lines before it. */
const maxBytes = 8 * 1024;

/** Connects to a port and reads the server's first words. Never throws for what a network can do. */
export function tcpProbe(target: { host: string; port: number; timeoutMs: number; signal: AbortSignal }): Promise<TcpSeen> {
  const { host, port, timeoutMs, signal } = target;
  return new Promise((resolve) => {
    const started = performance.now();
    const seen: TcpSeen = { connected: false, error: '', banner: '', address: '', connectMs: 0, bannerMs: 0 };
    let text = '';
    const socket = connect({ host, port });
    const finish = (error: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve({ ...seen, error: seen.error === '' ? error : seen.error, banner: bannerOf(text) });
    };
    const timer = setTimeout(() => finish('timeout'), timeoutMs);
    const cancel = (): void => finish('cancelled');
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('connect', () => {
      seen.connected = true;
      seen.address = socket.remoteAddress ?? '';
      seen.connectMs = performance.now() - started;
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      seen.bannerMs = performance.now() - started;
      if (/^SSH-[^\n]*\n/m.test(text) || text.length >= maxBytes) finish('');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('end', () => finish(''));
    socket.on('close', () => finish(''));
  });
}

function bannerOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return (lines.find((line) => line.startsWith('SSH-')) ?? lines.find((line) => line !== '') ?? '').slice(0, 255);
}
