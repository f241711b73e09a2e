# Stands in for nixos-rebuild: builds the system of /etc/nixos/configuration.nix and switches to it.
set -euo pipefail
case ${1-} in switch | boot | build) ;; *) echo "usage: nixos-rebuild switch|boot|build" >&2; exit 2 ;; esac
channel=/nix/var/nix/profiles/per-user/root/channels/nixos
profile=/nix/var/nix/profiles/system
echo "building the system configuration..." >&2
# Without nix.conf Debian's Nix has Debian's shell for the sandbox, where that of nixpkgs has its own.
shell=$(sed 's/.*"busybox-sandbox-shell":"\([^"]*\)".*/\1/' $channel/paths.json)/bin/busybox
# There is no internet.
set -- "$1" --no-out-link --builders '' --option substitute false
[ -z "${NIX_CONF_DIR-}" ] || set -- "$@" --option sandbox-paths "/bin/sh=$shell"
system=$(nix-build "${@:2}" "$channel")
[ "$1" != build ] || { echo "$system"; exit; }
nix-env -p $profile --set "$system"
[ "$1" != switch ] || "$system/bin/switch-to-configuration" switch
