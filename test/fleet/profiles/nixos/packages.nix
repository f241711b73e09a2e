# Real store paths with the programs of the Debian in whose root folder this is built: each is a derivation that copies a package's files
# (copy.sh) and sets the programs' interpreter and library folders to store paths, so that closures are as Nix knows them.
let
  package =
    name: args:
    derivation (
      {
        inherit name;
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [ ./copy.sh ];
        PATH = "/usr/bin:/bin";
        rpath = "${libraries}/lib:${glibc}/lib:${placeholder "out"}/lib";
        interpreter = "${glibc}/lib/ld-linux-x86-64.so.2";
        shell = "${bash}/bin/bash";
        skip = "";
      }
      // args
    );
  glibc = package "glibc" {
    debs = [ "libc6" ];
    script = "cp -L /lib64/ld-linux-x86-64.so.2 $out/lib/; rm -rf $out/bin";
    rpath = "";
    shell = "";
    interpreter = "";
  };
  # All that Debian has in one folder; Debian's libraries need each other in circles.
  libraries = package "debian-libraries" {
    debs = [ ];
    script = ''
      rm -rf $out/bin; mkdir $out/lib
      cp -a /usr/lib/x86_64-linux-gnu/*.so* $out/lib/
      cd $out/lib; rm -f libnix* $(basename -a ${glibc}/lib/*)
      find . -xtype l -delete
    '';
    rpath = "${placeholder "out"}/lib:${glibc}/lib";
    shell = "";
  };
  bash = package "bash" {
    debs = [ "bash" ];
    shell = "";
    # Paths that nixpkgs compiles in.
    script = ''
      ln -s bash $out/bin/sh; rm -f $out/bin/bashbug
      perl -0pi -e 's{/etc/bash.bashrc\0}{"/etc/bashrc" . "\0" x 6}ge; s{(/usr/local/sbin:/usr/local/bin:[^\0]*)\0}{"/no-such-path" . "\0" x (length($1) - 12)}ge' $out/bin/bash
    '';
  };
in
{
  inherit glibc libraries bash;
  coreutils = package "coreutils" { debs = [ "coreutils" ]; };
  findutils = package "findutils" { debs = [ "findutils" ]; };
  gnugrep = package "gnugrep" { debs = [ "grep" ]; };
  gnused = package "gnused" { debs = [ "sed" ]; };
  gnutar = package "gnutar" { debs = [ "tar" ]; };
  gawk = package "gawk" {
    debs = [ "gawk" ];
    script = "ln -sf gawk $out/bin/awk";
  };
  gzip = package "gzip" { debs = [ "gzip" ]; };
  less = package "less" { debs = [ "less" ]; };
  procps = package "procps" { debs = [ "procps" ]; };
  util-linux = package "util-linux" {
    debs = [
      "util-linux"
      "mount"
      "bsdutils"
    ];
  };
  hostname = package "hostname" { debs = [ "hostname" ]; };
  iproute2 = package "iproute2" { debs = [ "iproute2" ]; };
  getent = package "getent" {
    debs = [ "libc-bin" ];
    script = "cd $out; find . -type f ! -name getent -delete; find . -type d -empty -delete";
  };
  shadow = package "shadow" {
    debs = [
      "passwd"
      "login.defs"
      "login"
    ];
  };
  linux-pam = package "linux-pam" {
    debs = [
      "libpam-modules"
      "libpam-modules-bin"
    ];
    # nixpkgs compiles in /run/wrappers/bin, which is too long for the place.
    script = ''
      perl -0pi -e 's{/usr/sbin/unix_chkpwd\0}{"/run/pam/unix_chkpwd" . "\0" x 2}ge' $out/lib/security/pam_unix.so
      grep -q /run/pam/unix_chkpwd $out/lib/security/pam_unix.so
    '';
  };
  openssh = package "openssh" {
    debs = [
      "openssh-client"
      "openssh-common"
      "openssh-server"
      "openssh-sftp-server"
    ];
  };
  # nixpkgs compiles the store path in, which is too long for the place: there stage-2-init.sh makes /run/lib a link to lib. As in
  # nixpkgs the units are an example that a system takes from; the programs that they name are those of this path.
  systemd = package "systemd" {
    debs = [
      "systemd"
      "libsystemd-shared"
      "libpam-systemd"
    ];
    script = ''
      mkdir -p $out/example/systemd
      mv $out/lib/systemd/system $out/lib/systemd/user $out/example/systemd/
      cd $out/example/systemd
      rm -rf */*.wants system/systemd-logind.service.d $out/lib/systemd/*-generators $out/lib/systemd/boot
      sed -i -E "s:/usr/lib/systemd/:$out/lib/systemd/:g; s:^(Exec\w+=[-@+!]*)(/usr/bin/)?([a-z]):\1$out/bin/\3:" */*.service
      find $out -type f -exec perl -0777 -pi -e 's{/usr/lib/systemd}{/run/lib/systemd}g if /^\x7fELF/' {} +
      grep -q /run/lib/systemd/systemd-executor $out/lib/libsystemd-core-*.so
    '';
  };
  dbus = package "dbus" {
    debs = [
      "dbus-bin"
      "dbus-daemon"
      "dbus-system-bus-common"
      "dbus"
    ];
    script = ''
      cd $out/lib/systemd; rm -rf user system/*.wants
      sed -i "s:/usr/bin/:$out/bin/:; s: --system --address: --config-file=$out/share/dbus-1/system.conf --address:" system/dbus.service
      grep -q config-file system/dbus.service
    '';
  };
  sudo = package "sudo" {
    debs = [ "sudo" ];
    rpath = "${libraries}/lib:${glibc}/lib:${placeholder "out"}/libexec/sudo";
  };
  # The units are those of Nix's sources, as its package in nixpkgs has them.
  nix = package "nix" {
    debs = [ "nix-bin" ];
    script = ''
      mkdir -p $out/lib/systemd/system; cp -a /usr/lib/x86_64-linux-gnu/libnix*.so* $out/lib/ 2>/dev/null || true
      sed "s:@bindir@:$out/bin:" ${./nix-daemon.service} > $out/lib/systemd/system/nix-daemon.service
      cp ${./nix-daemon.socket} $out/lib/systemd/system/nix-daemon.socket
    '';
  };
  # The program that runs these tests.
  nodejs = package "nodejs" {
    debs = [ ];
    script = "cp ${./node} $out/bin/node; chmod u+w $out/bin/node";
  };
  busybox-sandbox-shell = package "busybox-sandbox-shell" {
    debs = [ "busybox-static" ];
    rpath = "";
    shell = "";
  };
}
