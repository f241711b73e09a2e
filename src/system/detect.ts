import { CannotObserve } from '../support/cannot-observe.ts';
import type { Transport } from '../transport/transport.ts';
import { readSystem, type System } from './system.ts';

/**
 * Prints a {@link System} as JSON: os-release(5), systemd's /run/systemd/system (sd_booted(3)), OpenRC's openrc-run(8), the marks of NixOS
 * (/etc/NIXOS) and nix-darwin (/etc/static), the files of Determinate Nix. Starts few programs. The modules of both write into nix.conf
 * `nix.settings` in the order of their names, with those that begin with `extra-` at the end on NixOS, and then `nix.extraOptions`.
 */
const script = String.raw`
has() { command -v "$1" >/dev/null 2>&1; }
includes() { if [ -r "$1" ]; then grep -qiE "$2" "$1"; else [ -e "$1" ] && [ -d "$1.d" ]; fi; }
yes() { if "$@"; then echo true; else echo false; fi; }
id='' family=other init=none modules=none determinate=false conf=/etc/nix/nix.conf packages=none sshd=sshd
while IFS='=' read -r key value; do
  value=${'$'}{value#[\"\']} value=${'$'}{value%[\"\']}
  [ "$key" != ID ] || id=$value
done 2>/dev/null </etc/os-release || :
has uname || { echo 'uname is not there' >&2; exit 1; }
case $(uname -s) in
  Linux) family=linux ;;
  Darwin) family=darwin id=macos init=launchd ;;
esac
case $id in *[!a-z0-9._-]*) id= ;; esac
if [ -d /run/systemd/system ]; then init=systemd; elif has rc-service || [ -e /sbin/openrc-run ]; then init=openrc; fi
if [ -e /etc/NIXOS ] || [ "$id" = nixos ]; then modules=nixos init=systemd
elif [ $family = darwin ] && [ -L /etc/static ]; then modules=nix-darwin; fi
if has determinate-nixd || [ -e /usr/local/bin/determinate-nixd ]; then determinate=true; fi
if [ $determinate = true ] || grep -qsE '^!?include +nix\.custom\.conf' $conf; then conf=/etc/nix/nix.custom.conf; fi
for pair in apt-get:apt apk:apk dnf:dnf pacman:pacman zypper:zypper; do
  if [ $modules = none ] && has "${'$'}{pair%:*}"; then packages=${'$'}{pair#*:}; break; fi
done
# Its place is not on the PATH of every user.
[ "$id" != alpine ] || packages=apk
for folder in /usr/lib /lib /etc; do [ ! -e $folder/systemd/system/ssh.service ] || sshd=ssh; done
printf '{"id":"%s","family":"%s","init":"%s","moduleSystem":"%s","determinate":%s,"nixConf":"%s","packages":"%s",' \
  "$id" $family $init $modules $determinate $conf $packages
late='' part=head last=
if [ $modules != none ]; then
  while read -r key _; do
    case $part:$key in
      *:'#'*) continue ;;
      head:) continue ;;
      *:) part=late; continue ;;
      late:*) ;;
      extra:extra-* | *:extra-*) part=extra ;;
      extra:*) part=late ;;
      head:*) part=settings ;;
      *) [ "$key" \> "$last" ] || part=late ;;
    esac
    last=$key
    case $part:$key in
      *:*[!a-z0-9-]*) ;;
      late:* | extra:*) late="$late${'$'}{late:+,}\"$key\"" ;;
    esac
  done 2>/dev/null <$conf || :
fi
printf '"lateSettings":[%s],"sshService":"%s","sshdDropIns":%s,"sshDropIns":%s}\n' "$late" $sshd \
  "$(yes includes /etc/ssh/sshd_config '^ *include +"?/etc/ssh/sshd_config\.d/')" \
  "$(yes includes /etc/ssh/ssh_config '^ *include +"?/etc/ssh/ssh_config\.d/')"
`;

/** What system a machine has. Throws {@link CannotObserve}. */
export async function detectSystem(
  transport: Transport,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<System> {
  const { stdout, stderr } = await transport.run(script, { ...options, quick: true });
  const found = readSystem(parsed(stdout));
  if (found === null) throw new CannotObserve('no-system', stderr.trim() || 'the commands gave no answer');
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
