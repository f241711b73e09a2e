# Stands in for systemctl: starts and stops the host's services by /run/service. There is no systemd here.
set -u
verb=$1
shift
status=0
for unit in "$@"; do
  name=${unit%.service}
  case $name in -*) continue ;; esac
  # The daemon makes its socket itself.
  [ "$name" != nix-daemon.socket ] || continue
  if [ ! -e "/run/current-system/services/$name" ]; then
    echo "Failed to $verb $unit: Unit $unit not found." >&2
    status=5
    continue
  fi
  case $verb in
    start | stop | restart) /run/service "$name" "$verb" ;;
    *) echo "this stand-in for systemctl does not know $verb" >&2; status=1 ;;
  esac
done
# Who is told that a service runs finds it there.
case $verb in start | restart) sleep 0.5 ;; esac
exit $status
