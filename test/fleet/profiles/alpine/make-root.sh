# Makes, at /mnt/root, the root folder from what Debian has installed here. Runs in a Debian that may be written to.
set -eu
out=/mnt/root made=/mnt/made
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

apt-get -qq -o Acquire::Check-Valid-Until=false update
# The packages here may not be configured, so nothing can be installed.
mkdir /tmp/debs /tmp/openrc
cd /tmp/debs
librc=$(apt-cache depends openrc | sed -n 's/.*Depends: \(librc1.*\)/\1/p')
apt-get -qq -o APT::Sandbox::User=root download openrc libeinfo1 "$librc" libcap2
for deb in *.deb; do dpkg-deb -x "$deb" /tmp/openrc; done
for part in bin sbin lib usr; do [ ! -d /tmp/openrc/$part ] || cp -r --preserve=mode /tmp/openrc/$part/. /$part/; done

mkdir -p $out/usr/bin $out/usr/sbin $out/usr/lib $out/lib64
for name in bin sbin lib; do ln -s usr/$name $out/$name; done
mkdir -p $out/dev $out/etc $out/home $out/mnt $out/nix/store $out/proc $out/run $out/sys $out/var/empty $out/var/log
mkdir -m 700 $out/root
mkdir -m 1777 $out/tmp $out/var/tmp
ln -s ../run $out/var/run

install -m 755 $made/busybox $out/bin/busybox
$out/bin/busybox --list-full | while read -r applet; do
  case $applet in usr/bin/* | usr/sbin/* | bin/* | sbin/*) [ -e "$out/$applet" ] || ln -s /bin/busybox "$out/$applet" ;; esac
done

# Programs with the folders that they look in. Debian's own services stay away.
(cat /var/lib/dpkg/info/nix-bin.list /var/lib/dpkg/info/openssh-*.list; cd /tmp/openrc; find . | cut -c 2-) |
  grep -E '^(/usr)?/(s?bin|libexec|lib)/' | grep -v /systemd/ | while read -r file; do
  [ -d "$file" ] || { mkdir -p "$out${file%/*}"; rm -f "$out$file"; cp -P --preserve=mode "$file" "$out$file"; }
done
# OpenRC's own where Debian ships it; else dpkg's, which is told to wait and to end as OpenRC's does.
# While Debian is made, dpkg's has another name.
own=/usr/lib/rc/sbin/start-stop-daemon dpkg=/sbin/start-stop-daemon.REAL
rm -f $out/sbin/start-stop-daemon
if [ -e $own ]; then cp $own $out/sbin/; else
  [ -e $dpkg ] || dpkg=/sbin/start-stop-daemon
  cp $dpkg $out/usr/libexec/start-stop-daemon
  printf '#!/bin/sh\ncase " $* " in *" --stop "*) set -- --oknodo --retry TERM/5 "$@" ;; esac\nexec /usr/libexec/start-stop-daemon "$@"\n' > $out/sbin/start-stop-daemon
  chmod 755 $out/sbin/start-stop-daemon
fi
mkdir -p $out/usr/libexec/test
cp -a /usr/bin/setpriv $out/usr/libexec/test/
cp -a /usr/bin/getent $out/usr/bin/
ln -s ../bin/nix $out/usr/sbin/nix-daemon

# Their libraries, and those of Node.
cp -L /lib64/ld-linux-x86-64.so.2 $out/lib64/
libraries=$out/usr/lib/x86_64-linux-gnu
mkdir -p $libraries
find $out/usr -type f -perm /111 -o -name '*.so*' -type f | while read -r file; do
  LD_LIBRARY_PATH=$libraries ldd "$file" 2>/dev/null || true
done | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | grep -v "^$out" | sort -u > /tmp/libraries
for name in libnss_dns libnss_files libresolv libdl libpthread librt libm libgcc_s libstdc++; do ls /lib/x86_64-linux-gnu/$name.so.*[0-9]; done >> /tmp/libraries
sort -u /tmp/libraries | while read -r file; do
  case $file in /usr/lib/nix/*) ;; *) cp -L "$file" $libraries/ ;; esac
done

cp -a $made/etc/. $out/etc/
mkdir -p $out/etc/runlevels/sysinit $out/etc/runlevels/boot $out/etc/runlevels/default $out/etc/runlevels/shutdown
mkdir -p $out/etc/ssh/sshd_config.d $out/etc/ssh/ssh_config.d $out/etc/conf.d
# Debian's OpenRC looks for it.
touch $out/etc/insserv.conf
printf '/bin/sh\n/bin/ash\n' > $out/etc/shells
printf 'root:x:0:0:root:/root:/bin/ash\nsshd:x:22:22:sshd:/dev/null:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' > $out/etc/passwd
printf 'root:x:0:root\ntty:x:5:\nuucp:x:14:\nwheel:x:10:root\nsshd:x:22:\nnogroup:x:65533:\nnobody:x:65534:\n' > $out/etc/group
printf 'root:*::0:::::\nsshd:!::0:::::\nnobody:!::0:::::\n' > $out/etc/shadow
chmod 640 $out/etc/shadow
mount --bind /proc $out/proc
chroot $out /bin/sh -eu -c '
  addgroup -S nix
  addgroup -S nixbld
  for n in 0 1 2 3; do adduser -S -D -H -h /var/empty -s /sbin/nologin -G nixbld -g "Nix build user $n" nixbld$n; done
  chown root:nixbld /nix/store
  chmod 1775 /nix/store
  mkdir -p /nix/var/nix/db /nix/var/nix/gcroots/per-user /nix/var/nix/profiles/per-user /nix/var/log/nix/drvs
  nix --version'
umount $out/proc
touch $out/etc/whole
