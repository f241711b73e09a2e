# The system that /etc/nixos/configuration.nix describes, built of the store paths in paths.json. Stands in for nixpkgs: it has the
# options of options.nix only, makes no boot loader, kernel or initrd, and starts services by scripts where NixOS has systemd.
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
      systemctl-stand-in = program "systemctl" ./systemctl.sh;
      journalctl-stand-in = program "journalctl" ./journalctl.sh;
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
      set -- $entries
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
  services = map (name: "${name} ${builtins.toFile name _module.start.${name}}") (builtins.attrNames _module.start);
  passAsFile = [ "passwd" "group" "shadow" ];
  script = ''
    mkdir -p $out/bin $out/users $out/services
    ln -s $etc/etc $out/etc; ln -s $sw $out/sw
    cp $passwdPath $out/users/passwd; cp $groupPath $out/users/group; cp $shadowPath $out/users/shadow
    printf '%s\n' "$homes" > $out/users/homes
    set -- $services
    while [ $# -gt 0 ]; do ln -s "$2" "$out/services/$1"; shift 2; done
    printf '#!%s\nPATH=%s\n' $bash/bin/bash $sw/bin > $out/bin/switch-to-configuration
    cat ${./switch-to-configuration.sh} >> $out/bin/switch-to-configuration
    chmod +x $out/bin/switch-to-configuration
  '';
}
