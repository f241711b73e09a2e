# Stands in for nixos-rebuild: builds the system of /etc/nixos/configuration.nix and switches to it.
set -euo pipefail
case ${1-} in switch | boot | build) ;; *) echo "usage: nixos-rebuild switch|boot|build" >&2; exit 2 ;; esac
channel=/nix/var/nix/profiles/per-user/root/channels/nixos
profile=/nix/var/nix/profiles/system
echo "building the system configuration..." >&2
# There is no internet.
system=$(nix-build --no-out-link --builders '' --option substitute false "$channel")
[ "$1" != build ] || { echo "$system"; exit; }
nix-env -p $profile --set "$system"
[ "$1" != switch ] || "$system/bin/switch-to-configuration" switch
