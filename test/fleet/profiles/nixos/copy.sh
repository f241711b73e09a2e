# The builder of packages.nix: copies the files of Debian packages into a store path and points their programs at libraries in
# store paths. $debs: packages; $rpath: folders of libraries; $interpreter; $shell: for scripts.
set -eu
mkdir -p "$out/bin"
place() {
  case $1 in
    /usr/bin/* | /usr/sbin/* | /bin/* | /sbin/*) echo "bin/${1##*/}" ;;
    /usr/libexec/sudo/* | /usr/lib/sudo/*) echo "libexec/sudo/${1##*/}" ;;
    /usr/lib/openssh/*) echo "libexec/${1##*/}" ;;
    /usr/lib/systemd/*) echo "lib/systemd/${1#/usr/lib/systemd/}" ;;
    /usr/lib/x86_64-linux-gnu/systemd/*) echo "lib/${1##*/}" ;;
    /usr/lib/x86_64-linux-gnu/security/*) echo "lib/security/${1##*/}" ;;
    /usr/lib/x86_64-linux-gnu/*/* | /usr/lib64/*) ;;
    /usr/lib/x86_64-linux-gnu/*.so* | /lib/x86_64-linux-gnu/*.so*) echo "lib/${1##*/}" ;;
    /usr/share/dbus-1/*) echo "share/dbus-1/${1#/usr/share/dbus-1/}" ;;
  esac
}
for deb in $debs; do
  list=/var/lib/dpkg/info/$deb.list
  [ -e "$list" ] || list=/var/lib/dpkg/info/$deb:amd64.list
  # Not every Debian has every package.
  [ -e "$list" ] || continue
  while read -r file; do
    [ -f "$file" ] || continue
    to=$(place "$file")
    [ -n "$to" ] || continue
    case ${file##*/} in $skip) continue ;; esac
    mkdir -p "$out/$(dirname "$to")"
    # Links of Debian's (awk, sh) lead through /etc/alternatives: what they lead to is copied.
    cp -L --remove-destination "$file" "$out/$to"
    chmod u+w,u-s "$out/$to"
  done < "$list"
done
[ -z "${script-}" ] || eval "$script"
find "$out" -type f | while read -r file; do
  case $(head -c 4 "$file" | tr -d '\0') in
    ?ELF)
      [ -n "$rpath" ] || continue
      patchelf --set-rpath "$rpath" "$file"
      ! patchelf --print-interpreter "$file" >/dev/null 2>&1 || patchelf --set-interpreter "$interpreter" "$file"
      ;;
    '#!'*) [ -z "$shell" ] || sed -i "1s:^#! */bin/\(ba\)\?sh:#!$shell:" "$file" ;;
  esac
done
