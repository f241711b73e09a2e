import { join } from 'node:path';
import pLimit from 'p-limit';
import { fitsSocket } from './control-path.ts';
import { connectMux } from './mux-client.ts';
import type { MuxConnection } from './mux-connection.ts';
import { type Transport, TransportError } from '../transport/transport.ts';

/** A login of the real `ssh` that Nix's `ssh` can use as well (ControlMaster), and the suite's commands too. */
export interface SharedLogin {
  /** Where ssh listens: what others give as ControlPath. */
  readonly path: string;
  /** Words for the `ssh` that logs in. They come first, for ssh takes an option's first value. */
  readonly words: readonly string[];
  /** Keeps the connection when the session for which it was made ends; false where ssh does not share it. */
  hold(): Promise<boolean>;
  /**
   * Commands over it; over `own` as soon as the server opens no more sessions here (MaxSessions), or has ended a
   * connection that nobody used (UnusedConnectionTimeout). Null where it is not held.
   */
  transport(own: () => Promise<Transport>): Transport | null;
  /** Lets ssh end. */
  release(): void;
}

const answersWithinMs = 1_000;
/** Seconds. A dead network is noticed after three of these; a server answers nothing while it opens a slow session. */
const aliveInterval = 30;
/** sshd's MaxSessions is 10 by default; Nix needs some of them. */
const mostSessions = 6;
let count = 0;

/**
 * `folder` is a private one. Null where its name is too long, or holds what is more than a character to ssh, or to
 * those that split a text of options into words. `keepAlive`: ssh shall notice by itself when the network is dead.
 */
export function sharedLogin(folder: string, { keepAlive }: { keepAlive: boolean }): SharedLogin | null {
  count += 1;
  const path = join(folder, `login-${count}`);
  if (!fitsSocket(path) || !/^[\w./-]+$/.test(path)) return null;
  let held: MuxConnection | null = null;
  return {
    path,
    words: [
      '-oControlMaster=yes',
      `-oControlPath=${path}`,
      ...(keepAlive ? [`-oServerAliveInterval=${aliveInterval}`] : []),
    ],
    // ssh lives on while somebody is connected to its socket, though nothing is asked for.
    hold: async () => {
      held = await connectMux(path, answersWithinMs).catch(() => null);
      return held !== null;
    },
    transport: (own) => (held === null ? null : sharedTransport(held, own)),
    release: () => held?.end(),
  };
}

/** A place on the shared connection is Nix's before it is ours: a refused command moves us elsewhere. */
function sharedTransport(connection: MuxConnection, own: () => Promise<Transport>): Transport {
  const sessions = pLimit(mostSessions);
  let moved: Promise<Transport> | undefined;
  let there: Transport | undefined;
  return {
    get name() {
      return there?.name ?? 'openssh';
    },
    run: async (command, options) => {
      try {
        if (moved === undefined && !connection.lost)
          return await sessions(() => connection.run(command, options));
      } catch (error) {
        if (!(error instanceof TransportError) || error.phase !== 'channel' || options.signal.aborted)
          throw error;
      }
      there = await (moved ??= own());
      return there.run(command, options);
    },
    close: async () => {
      await moved?.catch(() => undefined);
      await there?.close();
    },
  };
}
