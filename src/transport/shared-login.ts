import { connect } from 'node:net';
import { join } from 'node:path';
import { fitsSocket } from './control-path.ts';

/** A login of the real `ssh` that other programs' `ssh` can use as well (ControlMaster). */
export interface SharedLogin {
  /** Where ssh listens: what others give as ControlPath. */
  readonly path: string;
  /** Words for the `ssh` that logs in. They come first, for ssh takes an option's first value. */
  readonly words: readonly string[];
  /** Keeps the connection when the session for which it was made ends; false where ssh does not listen. */
  hold(): Promise<boolean>;
  /** Lets ssh end. */
  letGo(): void;
}

const answersWithinMs = 1_000;
let count = 0;

/**
 * `folder` is a private one. Null where its name is too long, or holds what is more than a character to ssh, or to
 * those that split a text of options into words.
 */
export function sharedLogin(folder: string): SharedLogin | null {
  count += 1;
  const path = join(folder, `login-${count}`);
  if (!fitsSocket(path) || !/^[\w./-]+$/.test(path)) return null;
  let letGo = (): void => undefined;
  return {
    path,
    words: ['-oControlMaster=yes', `-oControlPath=${path}`],
    // ssh lives on while somebody is connected to its socket, though nothing is asked for. It greets who is.
    hold: () =>
      new Promise((resolve) => {
        const socket = connect(path);
        const timer = setTimeout(() => finish(false), answersWithinMs);
        const finish = (held: boolean): void => {
          clearTimeout(timer);
          if (!held) socket.destroy();
          resolve(held);
        };
        letGo = () => void socket.destroy();
        socket.once('data', () => finish(true));
        socket.on('error', () => finish(false));
        socket.on('close', () => finish(false));
      }),
    letGo: () => letGo(),
  };
}
