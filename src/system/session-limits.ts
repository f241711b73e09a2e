import { globRegex } from '../support/glob.ts';

/**
 * Shell that prints, in sections, what may end a login before its build does: the programs that it runs under, its limits
 * for what it starts, and the time limits of its sshd. Calls `section`. sshd tells its options to root alone; its files may be
 * open to others, and what stands in them before the first Match holds for everybody.
 */
export const listSessionLimits = `
section under
process=$$
while [ "\${process:-0}" -gt 1 ]; do
  if [ -r "/proc/$process/status" ]; then
    tr '\\0\\n' '\\037 ' < "/proc/$process/cmdline" | cut -c1-400; echo
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
  else
    ps -o args= -p "$process" | tr ' ' '\\037'
    process=$(ps -o ppid= -p "$process" | tr -d ' ')
  fi
  case $process in *[!0-9]*) break ;; esac
done
section cpulimit; ulimit -t
section filelimit; blocks=$(ulimit -f); [ "$blocks" = unlimited ] || [ -n "\${BASH_VERSION:-}" ] || blocks=$((blocks / 2)); echo "$blocks"
section inherits
# A daemon has limits of its own.
if [ "\${NIX_REMOTE:-}" = daemon ]; then :
elif [ "$(id -u)" = 0 ] || [ ! -S /nix/var/nix/daemon-socket/socket ]; then echo yes; fi
section sshversion; ssh -V 2>&1
section sshd
sshd=$(command -v sshd || echo /usr/sbin/sshd)
set -- \${SSH_CONNECTION:-}
{ [ -n "\${1:-}" ] && "$sshd" -T -C "user=$(id -un),host=$1,addr=$1" 2>/dev/null; } || "$sshd" -T 2>/dev/null ||
  for file in /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; do
    awk 'tolower($1) == "match" {exit} tolower($1) == "channeltimeout"' "$file" 2>/dev/null
  done`;

/** In seconds, where nothing else is said; 0: none is known. */
export interface SessionLimits {
  /** Of a program that the login runs under (`timeout`), and its words. */
  sessionSeconds: number;
  sessionUnder: string;
  /** Of sshd, for a session over which nothing goes (ChannelTimeout), and its words. */
  quietSessionSeconds: number;
  channelTimeout: string;
  /** Of the processor, for each program of a build; only where builds are children of the login (`ulimit -t`). */
  processorSeconds: number;
  /** In MiB: the size of a file that a build may write; only where builds are children of the login (`ulimit -f`). */
  fileMib: number;
}

const none: SessionLimits = {
  sessionSeconds: 0,
  sessionUnder: '',
  quietSessionSeconds: 0,
  channelTimeout: '',
  processorSeconds: 0,
  fileMib: 0,
};

/** From the sections of {@link listSessionLimits}. */
export function sessionLimitsIn(section: (name: string) => string): SessionLimits {
  const programs = section('under')
    .split('\n')
    .map((line) => line.split('\x1f').filter((word) => word !== ''));
  // The timeout of busybox is no parent of its command.
  const [, forced = ''] = /^\s*forcecommand\s+(.*)$/im.exec(section('sshd')) ?? [];
  const limits = [...programs, forced.split(/\s+/)].flatMap((words) => {
    const seconds = timeoutOf(words);
    return seconds > 0 ? [{ sessionSeconds: seconds, sessionUnder: words.join(' ').slice(0, 80) }] : [];
  });
  limits.sort((one, other) => one.sessionSeconds - other.sessionSeconds);
  const limit = (name: string): number => (section('inherits') === 'yes' ? Number(section(name)) || 0 : 0);
  return {
    ...none,
    ...limits[0],
    ...channelTimeoutIn(section('sshd'), section('sshversion')),
    processorSeconds: limit('cpulimit'),
    fileMib: Math.ceil(limit('filelimit') / 1024),
  };
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Of `timeout [OPTION]… DURATION COMMAND…`, also as a word of busybox or coreutils; 0 for another program. */
export function timeoutOf(words: readonly string[]): number {
  const name = (word = ''): string => word.slice(word.lastIndexOf('/') + 1);
  const at = /^(busybox|toybox|coreutils)$/.test(name(words[0])) ? 1 : 0;
  if (!/^g?timeout$/.test(name(words[at]))) return 0;
  for (let index = at + 1; index < words.length; index += 1) {
    const word = words[index] ?? '';
    // These two take the next word, unless it is written together with them.
    if (/^(-[ks]|--kill-after|--signal)$/.test(word)) index += 1;
    else if (!word.startsWith('-')) return duration(word);
  }
  return 0;
}

/** `5`, `2.5m` (timeout(1)); 0 where it is none. */
export function duration(word: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word) ?? [];
  return number === undefined ? 0 : Number(number) * (secondsIn[unit || 's'] ?? 1);
}

/** `90`, `1h30m` (sshd_config(5), TIME FORMATS). */
function sshTime(text: string): number {
  let seconds = 0;
  for (const [, number, unit] of text.toLowerCase().matchAll(/(\d+)([smhdw]?)/g))
    seconds += Number(number) * (secondsIn[unit || 's'] ?? 1);
  return seconds;
}

/**
 * The shortest time that holds for the session of a command. OpenSSH 9.2 knows that only as `session:command`; later ones
 * also as `session`, and know `global`, the time for which no channel says anything (seen with 9.2 and 10.6).
 */
function channelTimeoutIn(
  sshd: string,
  version: string,
): Pick<SessionLimits, 'quietSessionSeconds' | 'channelTimeout'> {
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(version) ?? [];
  const later = Number(major) > 9 || (Number(major) === 9 && Number(minor) >= 7);
  const types = later ? ['session:command', 'session', 'global'] : ['session:command'];
  const value = /^\s*channeltimeout[\s=]+(.*)$/im.exec(sshd)?.[1] ?? '';
  const times = value.split(/\s+/).flatMap((word) => {
    const [, pattern = '', time = ''] = /^"?(.*?)=(.*?)"?$/.exec(word) ?? [];
    const seconds = sshTime(time);
    const holds = pattern !== '' && seconds > 0 && types.some((type) => globRegex(pattern).test(type));
    return holds ? [{ quietSessionSeconds: seconds, channelTimeout: `${pattern}=${time}` }] : [];
  });
  times.sort((one, other) => one.quietSessionSeconds - other.quietSessionSeconds);
  return times[0] ?? { quietSessionSeconds: 0, channelTimeout: '' };
}
