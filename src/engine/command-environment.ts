import type { Scenario } from '../scenario/scenario.ts';
import type { Context } from '../scenario/template/context.ts';
import { renderText } from '../scenario/template/render.ts';
import type { Command } from '../transport/transport.ts';

/** Exit status of what is written here where it cannot start the command, as env(1) and nohup(1) have it. */
const cannotStart = 125;

const inFolder = `cd -- "$1" || exit ${cannotStart}; shift; exec "$@"`;

/**
 * Root needs no password, whatever is installed; others have sudo alone. Each is tried first, for PAM may refuse it.
 * busybox's su knows -s and passes the words on.
 */
const asUser = [
  'u=$1; shift',
  '[ "$(id -un)" = "$u" ] && exec "$@"',
  `id -- "$u" >/dev/null || exit ${cannotStart}`,
  'if [ "$(id -u)" = 0 ]; then',
  '  runuser -u "$u" -- true >/dev/null 2>&1 && exec runuser -u "$u" -- "$@"',
  '  sudo -n -u "$u" -- true >/dev/null 2>&1 || exec su -s /bin/sh "$u" -c \'exec "$0" "$@"\' -- "$@"',
  'fi',
  `command -v sudo >/dev/null 2>&1 || { echo "there is no sudo to become $u" >&2; exit ${cannotStart}; }`,
  'exec sudo -n -u "$u" -- "$@"',
].join('\n');

/** The command as this user, in this folder, with these variables: `user`, `cwd` and `env` of a scenario. */
export function surrounded(
  { user, cwd, env }: Pick<Scenario, 'user' | 'cwd' | 'env'>,
  command: Command,
  context: Context,
): Command {
  if (user === undefined && cwd === undefined && env === undefined) return command;
  const text = (template: string): string => renderText(template, context);
  let words = typeof command === 'string' ? ['sh', '-c', command] : [...command];
  if (env !== undefined) {
    const settings = Object.entries(env).map(([name, value]) => `${name}=${text(String(value))}`);
    words = ['env', ...settings, ...words];
  }
  if (cwd !== undefined) words = ['sh', '-c', inFolder, 'sh', text(cwd), ...words];
  // Outermost, for sudo starts with an environment of its own.
  if (user !== undefined) words = ['sh', '-c', asUser, 'sh', text(user), ...words];
  return words;
}
