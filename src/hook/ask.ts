import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Builder } from '../machines/builder.ts';

/** Where a builder's SSH server is reached by TCP. */
export interface Place {
  host: string;
  port: number;
}

/** As root's ssh finds it; null where ssh takes another way than a connection of its own, or does not tell. */
export function placeOf({ host, user, port }: Builder): Promise<Place | null> {
  const words = [...(user === '' ? [] : ['-l', user]), ...(port === null ? [] : ['-p', String(port)])];
  return new Promise((resolve) => {
    // Errors are no news here: Nix's own ssh tells them.
    execFile('ssh', ['-G', ...words, '--', host], { timeout: 2000 }, (error, stdout) => {
      resolve(error === null ? readPlace(stdout) : null);
    });
  });
}

function readPlace(text: string): Place | null {
  const value = (key: string): string | undefined => new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1];
  const [host, port] = [value('hostname'), Number(value('port'))];
  const goesAnotherWay = [value('proxycommand'), value('proxyjump')].some(
    (way) => way !== undefined && way !== 'none',
  );
  return host === undefined || !Number.isInteger(port) || goesAnotherWay ? null : { host, port };
}

/** Nobody waits longer for an answer. */
const mostMs = 10_000;

export interface Asked {
  /** How long it took to answer; null where it cannot be reached, or nothing came within ten seconds. */
  answered: Promise<number | null>;
  close: () => void;
}

/** Connects and waits for the first byte of the server's greeting. A server that refuses at once costs Nix nothing. */
export function ask({ host, port }: Place): Asked {
  const started = performance.now();
  let socket: Socket | undefined;
  const answered = new Promise<number | null>((resolve) => {
    socket = connect({ host, port, timeout: mostMs });
    socket.on('data', () => resolve(performance.now() - started));
    for (const event of ['error', 'timeout', 'close'])
      socket.on(event, () => {
        resolve(null);
        socket?.destroy();
      });
  });
  void answered.then(() => socket?.destroy());
  return { answered, close: () => void socket?.destroy() };
}
