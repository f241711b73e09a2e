import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capped } from './capped-output.ts';
import type { CommandResult, RunOptions, Transport } from './transport.ts';

/** What a script wrote. */
type Said = Pick<CommandResult, 'stdout' | 'stderr' | 'truncated' | 'timedOut' | 'oneStream'>;

/** An `sh` that runs one script after another: it costs the server one session, and that is dear. */
export interface ShellSession {
  /**
   * Runs a script that tells its end with `mark`, in a line after an empty one on both streams. Null where the shell
   * ended before, or the run was aborted; a script that takes too long takes the shell with it.
   */
  run(script: string, mark: string, options: Pick<RunOptions, 'timeoutMs' | 'signal'>): Promise<Said | null>;
  /** Whether it can take another script. */
  readonly alive: boolean;
  /** Lets it end, and resolves when it has, or has been told to. */
  end(): Promise<void>;
}

/** A server may allow few sessions, so a shell that nobody needs for so long ends. */
const idleMs = 1_000;
/** From the end of its input to its own. */
const endsWithinMs = 1_000;
/** The longest that `setTimeout` can wait. */
const foreverMs = 2 ** 31 - 1;

/** Starts a shell. What keeps it from starting shows at its first script. */
export function openShellSession(transport: Transport): ShellSession {
  const stdin = new PassThrough({ encoding: 'utf8' });
  const stopping = new AbortController();
  let heard: RunOptions['heard'];
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
      heard: (stream, chunk) => heard?.(stream, chunk),
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
    run: async (script, mark, { timeoutMs, signal }) => {
      clearTimeout(idle);
      const stdout = new UpToMark(mark);
      const stderr = new UpToMark(mark);
      const whole = new Promise<'whole'>((resolve) => {
        heard = (stream, chunk) => {
          (stream === 'stdout' ? stdout : stderr).add(chunk);
          if ((stdout.whole && stderr.whole) || stdout.twice) resolve('whole');
        };
      });
      const time = { isUp: false };
      const stop = (): void => stopping.abort();
      const timer = setTimeout(() => {
        time.isUp = true;
        stop();
      }, timeoutMs);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      stdin.write(script);
      const how = await Promise.race([whole, ended]);
      clearTimeout(timer);
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
  parts(): Pick<Said, 'stdout' | 'stderr'> {
    const text = this.text();
    const next = text.indexOf(this.#end) + this.#end.length;
    return { stdout: text.slice(0, next), stderr: text.slice(next) };
  }
}
