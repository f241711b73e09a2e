import { Capped } from '../transport/capped-output.ts';
import { bare, endScript, frame, loginShellLine, type FrameResult } from '../transport/command-frame.ts';
import { giveInput } from '../transport/command-input.ts';
import {
  type Command,
  type CommandResult,
  NoShell,
  type RunOptions,
  TransportError,
} from '../transport/transport.ts';

/** A connection on which commands can be run, each in a channel of its own (RFC 4254 §6.5): ssh2's, or a shared one. */
export interface CommandConnection {
  exec(
    line: string,
    opened: (refused: Error | undefined, channel: CommandChannel | undefined) => void,
  ): unknown;
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** The channel of a command that was started. */
export interface CommandChannel {
  readonly stderr: { on(event: 'data', listener: (chunk: Buffer) => void): unknown };
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'exit', listener: (code: number | null, signal?: string) => void): unknown;
  on(event: 'error' | 'close', listener: () => void): unknown;
  write(input: string | Uint8Array): unknown;
  /** The rest of the command's input, and the end of it. */
  end(input?: string | Uint8Array): unknown;
  /** `TERM`, `KILL`. Many servers pass none on. */
  signal(name: string): unknown;
  close(): unknown;
}

/**
 * A process that a start-up file left in the background holds the channel open after the command has ended. So long nothing
 * more must come before that is taken for the end.
 */
const heldOpenMs = 2000;
/** Between SIGTERM and SIGKILL, and again until the channel is given up. */
const killAfterMs = 1000;

/**
 * Runs a command in a channel of its own. The time counts from the asking, so a server that never opens the channel
 * is a timeout too. Throws {@link TransportError}: `channel` when the server refuses it, `lost` when its end was not
 * told, and {@link NoShell} when the builder answered without starting `sh`.
 */
export function runInChannel(
  connection: CommandConnection,
  command: Command,
  options: RunOptions,
): Promise<CommandResult> {
  const { timeoutMs, signal, stdin, onOutput } = options;
  const { line, script, inputFollows, read } = options.bare === true ? bare(command) : frame(command);
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const stdout = new Capped();
    const stderr = new Capped();
    let channel: CommandChannel | undefined;
    let exit: { code: number | null; signal: string | null } | undefined;
    let timedOut = false;
    let settled = false;
    let force: NodeJS.Timeout | undefined;
    let heldOpen: NodeJS.Timeout | undefined;
    let inputGiven = false;

    /** Where a start-up file has joined the streams, the frame's marks are on standard output. */
    const frameSeen = (): FrameResult & { oneStream: boolean } => {
      const told = read(stderr.text());
      if (told.pid !== undefined || options.bare === true) return { ...told, oneStream: false };
      const joined = read(stdout.text());
      return joined.pid === undefined ? { ...told, oneStream: false } : { ...joined, oneStream: true };
    };
    const settle = (give: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(force);
      clearTimeout(heldOpen);
      signal.removeEventListener('abort', stop);
      connection.off('close', onLost);
      give();
    };
    const fail = (phase: TransportError['phase'], message: string): void =>
      settle(() => reject(new TransportError(phase, message)));
    const finish = (): void => {
      const stopped = timedOut || signal.aborted;
      if (exit === undefined && !stopped) {
        // An exit status is all that tells a command that ended from one that was cut off (RFC 4254 §6.10).
        fail('lost', 'the connection was lost while the command ran');
        return;
      }
      const told = frameSeen();
      const result: CommandResult = {
        exitCode: stopped ? null : (told.status ?? exit?.code ?? null),
        signal: exit?.signal ?? null,
        stdout: told.oneStream ? told.rest : stdout.text(),
        stderr: told.oneStream ? stderr.text() : told.rest,
        durationMs: performance.now() - started,
        timedOut,
        truncated: stdout.truncated || stderr.truncated,
        ...(told.oneStream ? { oneStream: true as const } : {}),
      };
      if (told.pid === undefined && !stopped && options.bare !== true)
        settle(() => reject(new NoShell(result)));
      else settle(() => resolve(result));
    };
    const onLost = (): void => fail('lost', 'the connection was lost while the command ran');
    const stop = (): void => {
      if (channel === undefined) {
        finish();
        return;
      }
      const { pid } = frameSeen();
      if (pid !== undefined)
        connection.exec(loginShellLine, (_refused, ending) => {
          ending?.on('data', () => undefined);
          ending?.on('error', () => undefined);
          ending?.end(endScript(pid));
        });
      channel.signal('TERM');
      force ??= setTimeout(() => {
        channel?.signal('KILL');
        channel?.close();
        force = setTimeout(finish, killAfterMs);
      }, killAfterMs);
    };
    const giveRest = (to: CommandChannel): void => {
      inputGiven = true;
      void giveInput(stdin, to);
    };
    const giveRestWhenBegun = (to: CommandChannel): void => {
      if (!inputGiven && frameSeen().pid !== undefined) giveRest(to);
    };
    /** Again at each piece of output, which may come after the status. */
    const expectEnd = (of: CommandChannel): void => {
      clearTimeout(heldOpen);
      if (exit === undefined || settled) return;
      heldOpen = setTimeout(() => {
        finish();
        of.close();
      }, heldOpenMs);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    connection.once('close', onLost);
    if (signal.aborted) {
      fail('channel', 'cancelled before it started');
      return;
    }
    connection.exec(line, (error, opened) => {
      if (opened === undefined) {
        fail('channel', error?.message ?? 'the server opened no channel');
        return;
      }
      if (settled) {
        opened.close();
        return;
      }
      channel = opened;
      opened.on('data', (chunk: Buffer) => {
        stdout.add(chunk);
        onOutput?.('stdout', chunk);
        expectEnd(opened);
        giveRestWhenBegun(opened);
      });
      opened.stderr.on('data', (chunk: Buffer) => {
        stderr.add(chunk);
        onOutput?.('stderr', chunk);
        expectEnd(opened);
        giveRestWhenBegun(opened);
      });
      opened.on('exit', (code: number | null, name?: string) => {
        exit = { code, signal: name ?? null };
        expectEnd(opened);
      });
      opened.on('error', () => undefined);
      opened.on('close', finish);
      opened.write(script);
      if (inputFollows || stdin === undefined) giveRest(opened);
    });
  });
}
