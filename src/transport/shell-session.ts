import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capped } from './capped-output.ts';
import type { CommandResult, RunOptions, Transport } from './transport.ts';

/** The output of a script. */
type ShellOutput = Pick<CommandResult, 'stdout' | 'stderr' | 'truncated' | 'timedOut' | 'oneStream'>;

/** An `sh` that runs one script after another, in one session of the connection. */
export interface ShellSession {
  /**
   * Runs a script that ends both streams with an empty line and a line `mark`. It times out after
   * `timeoutMs`, or when it writes nothing for `silentMs`; that ends the shell. Null where the shell ended before, or the
   * run was aborted.
   */
  run(
    script: string,
    mark: string,
    options: Pick<RunOptions, 'timeoutMs' | 'signal'> & { silentMs?: number },
  ): Promise<ShellOutput | null>;
  /** Whether it can run another script. */
  readonly alive: boolean;
  /** Ends the shell. Resolves when it has ended, or has been killed. */
  end(): Promise<void>;
}

/** A server may allow few sessions, so an idle shell is ended after this time. */
const idleMs = 1_000;
/** How long the shell may take to end after its input has ended. */
const endsWithinMs = 1_000;
/** The longest that `setTimeout` can wait. */
const foreverMs = 2 ** 31 - 1;

/** Starts a shell. If it cannot start, its first script fails. */
export function openShellSession(transport: Transport): ShellSession {
  const stdin = new PassThrough({ encoding: 'utf8' });
  const stopping = new AbortController();
  let onOutput: RunOptions['onOutput'];
  let idle: NodeJS.Timeout | undefined;
  let alive = true;
  const end = async (): Promise<void> => {
    alive = false;
    clearTimeout(idle);
    stdin.end();
    const waiting = new AbortController();
    await Promise.race([ended, sleep(endsWithinMs, undefined, waiting).catch(() => undefined)]);
    waiting.abort();
    stopping.abort();
  };
  const ended = transport
    .run(['sh'], {
      timeoutMs: foreverMs,
      signal: stopping.signal,
      stdin: stdin[Symbol.asyncIterator](),
      onOutput: (stream, chunk) => onOutput?.(stream, chunk),
    })
    .then(
      () => undefined,
      () => undefined,
    )
    .finally(() => void end());
  return {
    get alive() {
      return alive;
    },
    run: async (script, mark, { timeoutMs, silentMs = timeoutMs, signal }) => {
      clearTimeout(idle);
      const time = { isUp: false };
      const stop = (): void => stopping.abort();
      const timeIsUp = (): void => {
        time.isUp = true;
        stop();
      };
      const timer = setTimeout(timeIsUp, timeoutMs);
      const silence = setTimeout(timeIsUp, silentMs);
      const stdout = new UpToMark(mark);
      const stderr = new UpToMark(mark);
      const complete = new Promise<'whole'>((resolve) => {
        onOutput = (stream, chunk) => {
          silence.refresh();
          (stream === 'stdout' ? stdout : stderr).add(chunk);
          if ((stdout.whole && stderr.whole) || stdout.twice) resolve('whole');
        };
      });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      stdin.write(script);
      const how = await Promise.race([complete, ended]);
      clearTimeout(timer);
      clearTimeout(silence);
      signal.removeEventListener('abort', stop);
      const timedOut = how !== 'whole' && time.isUp;
      if (how !== 'whole' && !timedOut) return null;
      if (alive) idle = setTimeout(() => void end(), idleMs);
      const truncated = stdout.truncated || stderr.truncated;
      if (stdout.twice) return { ...stdout.parts(), truncated, timedOut, oneStream: true };
      return { stdout: stdout.text(), stderr: stderr.text(), truncated, timedOut };
    },
    end,
  };
}

class UpToMark extends Capped {
  readonly #end: string;
  #tail = '';
  whole = false;
  /** What was meant for standard error has come here too, with its own mark. */
  twice = false;

  constructor(mark: string) {
    super();
    this.#end = `\n${mark}\n`;
  }

  override add(chunk: Buffer): void {
    super.add(chunk);
    const text = this.#tail + chunk.toString('latin1');
    const at = this.whole ? -1 : text.indexOf(this.#end);
    const rest = at < 0 ? text : text.slice(at + this.#end.length - 1);
    this.twice ||= (this.whole || at >= 0) && rest.includes(this.#end);
    this.whole ||= at >= 0;
    // The newline that ends one mark may begin the next.
    this.#tail = rest.slice(-this.#end.length + 1);
  }

  /** Up to the first mark, and from there on. */
  parts(): Pick<ShellOutput, 'stdout' | 'stderr'> {
    const text = this.text();
    const next = text.indexOf(this.#end) + this.#end.length;
    return { stdout: text.slice(0, next), stderr: text.slice(next) };
  }
}
