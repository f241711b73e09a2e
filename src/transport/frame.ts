import { randomBytes } from 'node:crypto';
import { quoteForAnyShell, remoteCommandLine } from './remote-command.ts';
import type { Command } from './transport.ts';

/** A command made ready for the far end. */
export interface Frame {
  /** The line for the login shell over there. */
  line: string;
  /** What the frame told on stderr, and stderr without it. */
  read: (stderr: string) => Told;
}

interface Told {
  /** Of the shell that leads the command's process group; undefined when it did not start. */
  pid: string | undefined;
  /** Undefined when the command did not come to its end, or its end was not heard of. */
  status: number | undefined;
  stderr: string;
}

/**
 * Puts a command into a small shell that prints its process id first and the status last, each behind a random mark,
 * on stderr. So a command can be ended from another session (sshd passes no signals on where root logs in), and a
 * lost connection is told from a command that ends with 255. A death by signal shows as 128 + its number, as in any shell.
 */
export function frame(command: Command): Frame {
  const mark = `mark-${randomBytes(8).toString('hex')}`;
  const inner = `echo ${mark} $$ >&2; ${remoteCommandLine(command)}; s=$?; printf '\\n${mark} %d\\n' $s >&2; exit $s`;
  const first = new RegExp(`${mark} (\\d+)\\n`);
  const last = new RegExp(`\\n${mark} (\\d+)\\n`);
  return {
    line: `exec sh -c ${quoteForAnyShell(inner)}`,
    read: (stderr) => {
      const status = last.exec(stderr)?.[1];
      const withoutEnd = stderr.replace(last, '');
      const told = { pid: first.exec(withoutEnd)?.[1], stderr: withoutEnd.replace(first, '') };
      return { ...told, status: status === undefined ? undefined : Number(status) };
    },
  };
}

/** Ends a framed command and all that it started: the end of its connection alone would leave it running. */
export function endLine(pid: string): string {
  // Without `--`, which dash's kill does not know.
  const kill = (signal: string): string =>
    `kill -${signal} -${pid} 2>/dev/null || kill -${signal} ${pid} 2>/dev/null`;
  return `exec sh -c ${quoteForAnyShell(`${kill('TERM')} && sleep 1; ${kill('KILL')}`)}`;
}
