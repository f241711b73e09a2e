import { randomBytes } from 'node:crypto';
import { quote } from '../support/shell-quote.ts';
import { shellCommandLine } from './remote-command.ts';
import type { Command } from './transport.ts';

/**
 * What the login shell is asked for. Every login shell reads this word alike (csh, fish, rc, nushell, …), as it does
 * the words of Nix's own commands. All that only `sh` reads goes to its standard input.
 */
export const loginShellLine = 'sh';

/** A command made ready for the far end. */
export interface Frame {
  /** For the login shell. */
  line: string;
  /** For the standard input of {@link loginShellLine}. */
  script: string;
  /** Whether the command's own input may follow the script at once; else only when `read` has found the pid. */
  inputFollows: boolean;
  /** What the frame told on a stream, and that stream without it and without what start-up files wrote before. */
  read: (stream: string) => FrameResult;
}

export interface FrameResult {
  /** Of the shell that runs the command; undefined when it did not start. */
  pid: string | undefined;
  /** Undefined when the command did not come to its end, or its end was not heard of. */
  status: number | undefined;
  rest: string;
}

/**
 * Puts a command into a script that prints the process id of its `sh` first and the status last, each behind a random
 * mark, on stderr. So a command can be ended from another session (sshd passes no signals on where root logs in), its
 * status does not depend on the login shell (nushell and elvish turn it into an error of their own), and a lost
 * connection is told from a command that ends with 255. A death by signal shows as 128 + its number, as in any shell.
 *
 * A command that is `sh` alone is that very shell: it reads its own input after the mark, and tells no status.
 */
export function frame(command: Command): Frame {
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const begin = `echo ${mark} $$ >&2`;
  const inputFollows = typeof command !== 'string' && command.length === 1 && command[0] === 'sh';
  const first = new RegExp(`${mark} (\\d+)\\n`);
  const last = new RegExp(`\\n${mark} (\\d+)\\n`);
  // Braces: sh reads all of it before it runs any, so that the command finds nothing of it on its standard input.
  const whole = `{ ${begin}; ${shellCommandLine(command)}; s=$?; printf '\\n${mark} %d\\n' $s >&2; exit 0; }\n`;
  return {
    line: loginShellLine,
    script: inputFollows ? `${begin}\n` : whole,
    inputFollows,
    read: (stream) => {
      const firstMark = first.exec(stream);
      if (firstMark === null) return { pid: undefined, status: undefined, rest: stream };
      const output = stream.slice(firstMark.index + firstMark[0].length);
      // The newline of the first mark is the one before the last where the command wrote nothing.
      const lastMark = last.exec(output);
      return {
        pid: firstMark[1],
        status: lastMark?.[1] === undefined ? undefined : statusOf(lastMark[1]),
        rest: lastMark === null ? output : output.slice(0, lastMark.index),
      };
    },
  };
}

/** Words that the login shell runs itself. Throws RangeError for any that a shell may take for more than a word. */
export function bare(command: Command): Frame {
  const line = typeof command === 'string' ? command : command.join(' ');
  if (!/^[\w./ -]+$/.test(line)) throw new RangeError(`not plain words: ${line}`);
  return {
    ...{ line, script: '', inputFollows: true },
    read: (stream) => ({ pid: undefined, status: undefined, rest: stream }),
  };
}

/** What `$?` says. A death by signal is 256 + its number to ksh93, 384 + it to yash, and 128 + it here and elsewhere. */
export function statusOf(text: string): number {
  const status = Number(text);
  return status > 384 ? status - 256 : status > 256 ? status - 128 : status;
}

/**
 * For the standard input of another `sh`: ends a framed command and all that it started, which the end of its
 * connection alone would leave running. sshd gives each session a process group, which the login shell leads.
 */
export function endScript(pid: string): string {
  // Without `--`, which dash's kill does not know.
  const kill = (signal: string): string => `kill -${signal} -$group 2>&-`;
  const body = [
    `if read -r line < /proc/${pid}/stat; then set -- \${line##*) }; group=$3`,
    `else group=$(ps -o pgid= -p ${pid} | tr -d ' '); fi 2>&-`,
    `[ "\${group:-0}" -gt 1 ] || exit 0`,
    `${kill('TERM')} && sleep 1; ${kill('KILL')}`,
  ].join('\n');
  return `exec sh -c ${quote(body)}\n`;
}
