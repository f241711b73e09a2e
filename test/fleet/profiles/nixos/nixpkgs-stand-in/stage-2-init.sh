# What NixOS does between the kernel and systemd: activates the system of /etc/nixos/configuration.nix, and makes the store read-only.
set -eu
profile=/nix/var/nix/profiles/system
chmod 1777 /tmp
mkdir -p -m 755 /var/log /var/empty /nix/var/nix/daemon-socket
chgrp 30000 /nix/store; chmod 1775 /nix/store
# Before users and sandbox are as they will be.
PATH=$profile/sw/bin NIX_CONFIG='sandbox = false
build-users-group =
substituters =' $profile/sw/bin/nixos-rebuild boot
mkdir -p -m 755 /run/wrappers
mount -t tmpfs -o nodev,mode=755 run-wrappers /run/wrappers
$profile/bin/switch-to-configuration boot
# Paths that stand in Debian's programs where nixpkgs compiles others in.
mkdir -m 755 /run/sshd
ln -s wrappers/bin /run/pam
ln -s /run/current-system/systemd/lib /run/lib
mount --bind /nix/store /nix/store
mount -o remount,ro,bind /nix/store
