{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.nix-remote-builder-doctor;
  doctor = import ./options.nix { inherit lib pkgs; };
  log = "/var/log/nix-remote-builder-doctor.log";
in
{
  options.services.nix-remote-builder-doctor = doctor.options;

  config = lib.mkIf cfg.enable {
    services.nix-remote-builder-doctor.integrations.goss.configFile =
      lib.mkIf cfg.integrations.goss.enable
        (doctor.gossConfig cfg);

    launchd.daemons.nix-remote-builder-doctor = {
      # Apple's ssh, which is what the daemon of Nix runs. Where nix-darwin does not manage Nix, its package may not be
      # asked for.
      path = lib.optionals config.nix.enable [ config.nix.package ] ++ [
        "/nix/var/nix/profiles/default/bin"
        "/usr/bin"
        "/bin"
        "/usr/sbin"
        "/sbin"
      ];
      serviceConfig = {
        # At boot the store may not be mounted yet. The script is constant: values are its arguments, never its text.
        ProgramArguments = [
          "/bin/sh"
          "-c"
          ''/bin/wait4path "$0" && exec "$0" "$@"''
        ]
        ++ doctor.serve cfg;
        RunAtLoad = true;
        KeepAlive.SuccessfulExit = false;
        ThrottleInterval = 30;
        StandardOutPath = log;
        StandardErrorPath = log;
      };
    };
  };
}
