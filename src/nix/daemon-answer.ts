import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../transport/socket.ts';
import { findGreeting, greetingOf } from './protocol/greeting.ts';

/** On a busy machine systemd takes seconds to start a daemon. */
const answersWithinMs = 15_000;
/** Nix 2.8 resets a connection now and then, and systemd needs time to start a daemon again. */
const attempts = 3;
const pauseMs = 400;

/**
 * Greets the daemon behind a socket, as each of its clients does. Empty where it answers as it should; else the words of
 * its error, or in a few words what came instead.
 */
export async function daemonAnswer(path: string, signal: AbortSignal): Promise<string> {
  let answer = '';
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    answer = await greet(path, signal);
    if (answer === '' || answer === silent || signal.aborted) return answer;
    await sleep(pauseMs);
  }
  return answer;
}

const silent = `no answer within ${answersWithinMs / 1000} seconds`;

function greet(path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let said = Buffer.alloc(0);
    const finish = (answer: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(silent), answersWithinMs);
    const cancel = (): void => finish('');
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('connect', () => socket.write(greetingOf.worker));
    socket.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      const greeting = findGreeting(said, 'worker');
      if (greeting !== null) finish(greeting.error);
    });
    socket.on('error', (error) => finish(errorCode(error) || error.message));
    socket.on('close', () => finish('the connection is closed at once'));
  });
}
