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
mkdir -p -m 755 /bin /usr/bin /run /run/wrappers/bin
ln -sfn "$(readlink -f "$system/sw/bin/sh")" /bin/sh
ln -sfn "$(readlink -f "$system/sw/bin/env")" /usr/bin/env
# Programs that run as root for others.
read -ra wrappers < "$system/wrappers"
for ((i = 0; i < ${#wrappers[@]}; i += 2)); do
  install -m 4755 "${wrappers[i + 1]}" "/run/wrappers/bin/.${wrappers[i]}"
  mv "/run/wrappers/bin/.${wrappers[i]}" "/run/wrappers/bin/${wrappers[i]}"
done
ln -sfn "$system" /run/current-system
[ "$1" = switch ] || exit 0

contents() { (cd "$1/etc/systemd/system/" && find -L . -type f -exec sha256sum {} + | sort); }
# Of units whose text is another, or that of a part of theirs.
names='s:^ *\S+ +\./([^/]+\.(service|socket|timer))(\.d/.*)?$:\1:p'
stop=() restart=()
while read -r unit; do
  systemctl is-active --quiet "$unit" || continue
  if [ ! -e "$system/etc/systemd/system/$unit" ]; then stop+=("$unit")
  elif ! grep -qs X-RestartIfChanged=false "$system/etc/systemd/system/$unit"{,.d/*}; then restart+=("$unit"); fi
done < <(comm -3 --output-delimiter=' ' <(contents "$old") <(contents "$system") | sed -nE "$names" | sort -u)
failed() { systemctl --failed --no-legend --plain | sed 's/ .*//' | sort; }
before=$(failed) status=0
systemctl daemon-reload
if [ ${#stop[@]} -gt 0 ]; then
  echo "stopping the following units: ${stop[*]}" >&2
  systemctl stop "${stop[@]}" || status=4
fi
if [ ${#restart[@]} -gt 0 ]; then
  echo "restarting the following units: ${restart[*]}" >&2
  systemctl restart "${restart[@]}" || status=4
fi
# What is wanted and does not run yet.
systemctl start sockets.target timers.target multi-user.target || status=4
new=$(comm -13 <(echo "$before") <(failed))
if [ -n "$new" ]; then
  echo "warning: the following units failed: "$new >&2
  status=4
fi
exit $status
