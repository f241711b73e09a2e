# The host's first process after its mounts: activates the system of /etc/nixos/configuration.nix, then starts its services as
# systemd would, with nothing in their environment but what their units say. There is no systemd here.
set -eu
profile=/nix/var/nix/profiles/system
sw=$(readlink -f $profile/sw)
export PATH=$sw/bin HOME=/root USER=root
chmod 1777 /tmp
mkdir -p -m 755 /run/sshd /var/log /var/empty /nix/var/nix/daemon-socket
chgrp 30000 /nix/store; chmod 1775 /nix/store
# Before users and sandbox are as they will be.
NIX_CONFIG='sandbox = false
build-users-group =
substituters =' "$sw/bin/nixos-rebuild" boot
$profile/bin/switch-to-configuration boot
# Programs that run as root for others.
mkdir -p -m 755 /run/wrappers/bin
ln -s wrappers/bin /run/pam
install -m 4755 "$(readlink -f "$profile/sw/bin/unix_chkpwd")" /run/wrappers/bin/
mount --bind /nix/store /nix/store
mount -o remount,ro,bind /nix/store
cat > /run/service <<END
#!$sw/bin/bash
# Starts and stops a service: /run/service NAME start|stop|restart. There is no systemd here.
PATH=/run/current-system/sw/bin
name=\$1 pidfile=/run/\$1.pid script=/run/current-system/services/\$1
stop() {
  # Those that serve connections have sessions of their own.
  pkill -KILL -x "\$name|sshd-session|sshd-auth" || true
  rm -f \$pidfile
  [ \$name != nix-daemon ] || rm -f /nix/var/nix/daemon-socket/socket
}
start() {
  [ -e \$script ] || return 0
  if [ -e \$pidfile ] && kill -0 \$(cat \$pidfile) 2>/dev/null; then return; fi
  rm -f \$pidfile
  setsid $sw/bin/env -i $sw/bin/bash -c 'echo \$\$ > "\$1"; . "\$2"' bash \$pidfile \$script </dev/null >>/var/log/\$name.log 2>&1 &
  until [ -s \$pidfile ]; do sleep 0.02; done
}
restart() {
  # As with KillMode=process: connections stay. systemd wakes what it ends.
  if [ -e \$pidfile ]; then kill -TERM \$(cat \$pidfile); kill -CONT \$(cat \$pidfile); fi 2>/dev/null
  while [ -e \$pidfile ] && kill -0 \$(cat \$pidfile) 2>/dev/null; do sleep 0.05; done
  start
}
case \$2 in
  start | stop | restart) \$2 ;;
esac
END
chmod 755 /run/service
for service in $(ls /run/current-system/services); do
  [ -e /run/without-$service ] || /run/service "$service" start
done
touch /run/started
while :; do sleep 1000 & wait $!; done
