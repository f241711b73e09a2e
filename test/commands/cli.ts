import { spawnSync } from 'node:child_process';

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the program as a user does: its exit code, standard output and standard error. */
export function cli(...args: string[]): Ended {
  return cliIn({}, ...args);
}

/** The same, with more in its environment. */
export function cliIn(env: Record<string, string>, ...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
  });
  return { code: status, out: stdout, err: stderr };
}
