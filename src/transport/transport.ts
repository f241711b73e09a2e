/** What to run. A string runs in `sh`; a list runs without a shell (over ssh each word is quoted). */
export type Command = string | readonly string[];

/** What running a command saw. */
export interface CommandResult {
  /** Null when a signal or the timeout ended it. */
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  durationMs: number;
  timedOut: boolean;
  /** Output was longer than what is kept: the middle is missing. */
  truncated: boolean;
  /** Standard error came with standard output: a start-up file of the login has joined them (`exec 2>&1`). */
  oneStream?: true;
}

export interface RunOptions {
  timeoutMs: number;
  /** Aborting kills the command's whole process group. */
  signal: AbortSignal;
  /** Written at once, or piece by piece as it comes. */
  stdin?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  /** Hears what it writes while it runs. */
  onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /**
   * Over ssh: the command is a list of plain words for the login shell itself, and nothing but `stdin` is its input.
   * Its status is what the login shell makes of it.
   */
  bare?: boolean;
  /** It ends at once and may be run twice, so that it can share a session with others. It has no stdin. */
  quick?: boolean;
}

/** A place where commands run. */
export interface Transport {
  readonly name: 'client' | 'ssh2' | 'openssh';
  /** Resolves for every command that ran, whatever its exit code; throws {@link TransportError} when it could not be run or its end is unknown. */
  run(command: Command, options: RunOptions): Promise<CommandResult>;
  close(): Promise<void>;
}

/** Why there is no connection, where that is known. */
export type ConnectFailure =
  | 'refused'
  | 'timeout'
  | 'reset'
  | 'unreachable'
  | 'unresolved'
  | 'closed'
  | 'not-ssh'
  | 'no-common-algorithm'
  | 'cancelled'
  | 'other';

interface TransportErrorOptions extends ErrorOptions {
  reason?: ConnectFailure;
}

/** The command's fate could not be observed: it never started, or the connection was lost under it. */
export class TransportError extends Error {
  override readonly name: string = 'TransportError';
  readonly phase: 'spawn' | 'connect' | 'host-key' | 'auth' | 'channel' | 'shell' | 'lost';
  /** Only where the phase is `connect`. */
  readonly reason: ConnectFailure | undefined;
  constructor(phase: TransportError['phase'], message: string, options?: TransportErrorOptions) {
    super(message, options);
    this.phase = phase;
    this.reason = options?.reason;
  }
}

/** The builder was asked for `sh`, and answered without starting it: whatever was said is no answer of the command. */
export class NoShell extends TransportError {
  override readonly name = 'NoShell';
  readonly answer: CommandResult;
  constructor(answer: CommandResult) {
    const words = `${answer.stdout}${answer.stderr}`.trim().slice(0, 400);
    super('shell', words === '' ? 'the builder ran no `sh` and said nothing' : words);
    this.answer = answer;
  }
}
