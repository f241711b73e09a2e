# The system that /etc/nixos/configuration.nix describes, built of the store paths in paths.json. Stands in for nixpkgs: it has the
# options of options.nix only, and makes no boot loader, kernel or initrd.
{
  configuration ? /etc/nixos/configuration.nix,
}:
let
  given = builtins.fromJSON (builtins.readFile ./paths.json);
  stored = name: path: {
    type = "derivation";
    inherit name;
    outPath = builtins.storePath path;
  };
  pkgs =
    builtins.mapAttrs stored given.paths
    // {
      inherit (given) nixVersion sshdAuth;
      nixos-rebuild-stand-in = program "nixos-rebuild" ./nixos-rebuild.sh;
      inherit lib;
    };
  program =
    name: file:
    run name {
      script = "mkdir -p $out/bin; printf '#!%s\n' $bash/bin/bash > $out/bin/${name}; cat ${file} >> $out/bin/${name}; chmod +x $out/bin/*";
    };
  lib = import ./lib.nix;
  run =
    name: attrs:
    derivation (
      {
        inherit name;
        inherit (given) system;
        builder = "${pkgs.bash}/bin/bash";
        args = [
          "-euc"
          # Not its last program may end it: coreutils close their output before they end, and Nix kills who has closed it.
          "${attrs.script}\n:"
        ];
        PATH = "${pkgs.coreutils}/bin:${pkgs.gnugrep}/bin:${pkgs.gnused}/bin";
        inherit (pkgs) bash;
        preferLocalBuild = true;
      }
      // removeAttrs attrs [ "script" ]
    );
  config = lib.evalModules {
    inherit lib pkgs;
    options = import ./options.nix { inherit lib pkgs; };
    modules = [
      (import ./modules.nix)
      configuration
    ];
  };
  inherit (config) _module;
  entry =
    name:
    let
      inherit (config.environment.etc.${name}) text source mode;
    in
    "${name} ${if source != null then source else builtins.toFile "etc-${baseNameOf name}" text} ${mode}";
  etc = run "etc" {
    entries = map entry (builtins.attrNames config.environment.etc);
    script = ''
      mkdir -p $out/etc
      set -- $entries systemd/system ${units} symlink systemd/user ${user-units} symlink
      while [ $# -gt 0 ]; do
        mkdir -p "$out/etc/$(dirname "$1")"
        ln -s "$2" "$out/etc/$1"
        [ "$3" = symlink ] || echo "$3" > "$out/etc/$1.mode"
        shift 3
      done
      # As the checkPhase of nixos/modules/config/nix.nix, and the check of sshd.nix.
      cp $out/etc/nix/nix.conf .
      export NIX_CONF_DIR=$PWD HOME=$PWD
      if ${if config.nix.checkConfig then "true" else "false"} &&
        ${config.nix.package}/bin/nix config show --no-net --option experimental-features nix-command 2>&1 >/dev/null |
        sed 's/^warning:/error:/' | grep '^error:' | grep -v 'unable to open a user namespace'; then exit 1; fi
      if [ -e $out/etc/ssh/sshd_config ]; then ${pkgs.openssh}/bin/sshd -G -f $out/etc/ssh/sshd_config >/dev/null; fi
    '';
  };
  # As generateUnits of nixos/lib/systemd-lib.nix: what a package has of a unit stays, and what the configuration says is a part of it.
  units = run "system-units" {
    upstream = "${pkgs.systemd}/example/systemd/system";
    names = config.systemd.additionalUpstreamSystemUnits;
    inherit (config.systemd) packages defaultUnit;
    own = map ({ name, file, ... }: "${name} ${file}") _module.units;
    wanted =
      builtins.concatMap ({ name, wantedBy, ... }: map (target: "${target} ${name}") wantedBy) _module.units
      # Links that systemd brings.
      ++ map (name: "sysinit.target ${name}") [
        "systemd-journald.service"
        "systemd-journal-flush.service"
        "systemd-tmpfiles-setup.service"
      ]
      ++ map (name: "sockets.target ${name}") [ "systemd-journald.socket" "systemd-journald-dev-log.socket" ]
      ++ map (name: "multi-user.target ${name}") [ "systemd-logind.service" "systemd-user-sessions.service" ]
      ++ [ "timers.target systemd-tmpfiles-clean.timer" ];
    script = ''
      mkdir $out; cd $out
      for name in $names; do [ ! -e $upstream/$name ] || ln -s $upstream/$name .; done
      for package in $packages; do ln -s $package/lib/systemd/system/* .; done
      set -- $own
      while [ $# -gt 0 ]; do
        if [ $2 = /dev/null ]; then ln -sf $2 $1
        elif [ -e $1 ]; then mkdir $1.d; cp $2 $1.d/overrides.conf
        else cp $2 $1; fi
        shift 2
      done
      set -- $wanted
      while [ $# -gt 0 ]; do
        mkdir -p $1.wants; ln -sf ../$2 $1.wants/
        shift 2
      done
      ln -s $defaultUnit default.target
      ln -s systemd-logind.service dbus-org.freedesktop.login1.service
    '';
  };
  user-units = run "user-units" {
    upstream = "${pkgs.systemd}/example/systemd/user";
    script = "mkdir $out; ln -s $upstream/*.target $upstream/*.slice $upstream/systemd-exit.service $out/";
  };
  system-path = run "system-path" {
    packages = config.environment.systemPackages;
    script = "mkdir -p $out/bin; for package in $packages; do ln -sf $package/bin/* $out/bin/; done";
  };
in
run "nixos-system-${config.networking.hostName}" {
  inherit etc;
  sw = system-path;
  inherit (pkgs) coreutils;
  inherit (_module) passwd group shadow homes;
  inherit (pkgs) systemd;
  wrappers = lib.mapAttrsToList (name: path: "${name} ${path}") config.security.wrappers;
  passAsFile = [ "passwd" "group" "shadow" ];
  script = ''
    mkdir -p $out/bin $out/users
    ln -s $etc/etc $out/etc; ln -s $sw $out/sw; ln -s $systemd $out/systemd
    echo $wrappers > $out/wrappers
    cp $passwdPath $out/users/passwd; cp $groupPath $out/users/group; cp $shadowPath $out/users/shadow
    printf '%s\n' "$homes" > $out/users/homes
    printf '#!%s\nPATH=%s\n' $bash/bin/bash $sw/bin > $out/bin/switch-to-configuration
    cat ${./switch-to-configuration.sh} >> $out/bin/switch-to-configuration
    chmod +x $out/bin/switch-to-configuration
  '';
}
