import { quote } from '../support/shell-quote.ts';

export interface HookScript {
  /** The words of Nix's own hook. */
  hook: readonly string[];
  /** A folder that only root may write to; it is made, and may go with the next start of the machine. */
  state: string;
  node: string;
  /** The bundled {@link file://./main.ts}. */
  script: string;
}

/**
 * The program for Nix's setting `build-hook`. It becomes Nix's own hook, under the same process id and with the same files
 * open; only where a builder is dead, or nothing is known, its input goes through a pipe, into which another process
 * writes the settings without the dead builders and then whatever Nix sends. Where anything is not as it should be, the
 * own hook gets its input as it came.
 */
export function hookScript({ hook, state, node, script }: HookScript): string {
  const [program = '', ...words] = hook;
  const own = ['"$hook"', ...words.map(quote), '"$@"'].join(' ');
  return `#!/bin/sh
# Nix's build hook, without the builders that do not answer: made by "nix-remote-builder-doctor build-hook".
hook=${quote(program)} state=${quote(state)} node=${quote(node)} script=${quote(script)}
# Another version of Nix may have taken the place of the one that this was made for.
[ -x "$hook" ] || exec nix __build-remote "$@"

# Every builder answers, as a process says that watches them.
watcher=
[ ! -r "$state/calm" ] || read -r watcher < "$state/calm"
case $watcher in '' | *[!0-9]*) ;; *) ! kill -0 "$watcher" 2>/dev/null || exec ${own} ;; esac

usable() (
  umask 077
  PATH=$PATH:/usr/bin:/bin:/run/current-system/sw/bin
  [ -d "$state" ] || mkdir -p "$state" || exit 1
  # Only root's own folder is trusted.
  [ -O "$state" ] && [ ! -L "$state" ] && [ -x "$node" ] && [ -r "$script" ] &&
    command -v cat && command -v rm && mkfifo "$state/pipe.$$"
) >/dev/null 2>&1
usable || exec ${own}

exec 3<&0
(
  PATH=$PATH:/usr/bin:/bin:/run/current-system/sw/bin
  pipe=$state/pipe.$$ head=$state/head.$$
  filter() { "$node" "$script" filter "$state"; rm -f "$pipe"; exec cat; }
  # The watcher has written down what may stand in place of how the last request began.
  watcher='' size='' name=''
  [ ! -r "$state/quick" ] || read -r watcher size name < "$state/quick"
  [ -n "$name" ] && kill -0 "$watcher" || filter
  dd ibs="$size" count=1 iflag=fullblock of="$head"
  if cmp -s "$head" "$state/$name.old"; then
    cat "$state/$name.new"
    rm -f "$pipe" "$head"
    exec cat
  fi
  # Another request: what was read of it goes first.
  { cat "$head"; rm -f "$head"; exec cat; } | filter
) <&3 >"$state/pipe.$$" 2>/dev/null 3<&- 4>&- 5<&- &
exec 3<&- <"$state/pipe.$$"
exec ${own}
`;
}
