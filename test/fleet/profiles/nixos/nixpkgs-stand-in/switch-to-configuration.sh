# What NixOS's activation does with /etc, users and services; `boot` leaves the services alone.
set -euo pipefail
system=$(dirname "$(dirname "$(readlink -f "$0")")")
old=$(readlink -f /run/current-system 2>/dev/null || true)
ln -sfn "$(readlink -f "$system/etc")" /etc/static
# Links into /etc/static, as setup-etc.pl makes them; those whose file is gone are removed.
# Files with a mode are copied.
(cd /etc/static && find . ! -type d ! -name '*.mode') | while read -r file; do
  target=/etc/${file#./} source=/etc/static/${file#./}
  mkdir -p "${target%/*}"
  if [ -e "$source.mode" ]; then
    install -m "$(cat "$source.mode")" "$source" "$target.tmp"
    mv "$target.tmp" "$target"
    echo "$target" >> /etc/.clean.new
  else ln -sfn "$source" "$target"; fi
done
touch /etc/.clean /etc/.clean.new
grep -vxFf /etc/.clean.new /etc/.clean | while read -r gone; do rm -f "$gone"; done || true
mv /etc/.clean.new /etc/.clean
find /etc -type l -lname '/etc/static/*' ! -exec test -e {} \; -delete
for file in passwd group shadow; do
  install -m "$([ $file = shadow ] && echo 640 || echo 644)" "$system/users/$file" /etc/.$file
  mv /etc/.$file /etc/$file
done
tr ' ' '\n' < "$system/users/homes" | while read -r home && read -r owner; do
  [ -d "$home" ] || { mkdir -p "$home"; chmod 700 "$home"; chown "$owner" "$home"; }
done
mkdir -p -m 755 /bin /usr/bin /run
ln -sfn "$(readlink -f "$system/sw/bin/sh")" /bin/sh
ln -sfn "$(readlink -f "$system/sw/bin/env")" /usr/bin/env
ln -sfn "$system" /run/current-system
[ "$1" = switch ] || exit 0
for name in $( (ls "$system/services"; [ -z "$old" ] || ls "$old/services") | sort -u); do
  [ "$(readlink "$old/services/$name")" = "$(readlink "$system/services/$name")" ] || /run/service "$name" restart
done
