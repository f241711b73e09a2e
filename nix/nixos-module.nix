{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.nix-remote-builder-doctor;
  doctor = import ./options.nix { inherit lib pkgs; };

  common = {
    after = [
      "network-online.target"
      "nix-daemon.socket"
    ];
    wants = [ "network-online.target" ];
    # The nix and ssh that the daemon has: others may behave otherwise.
    path = [
      config.nix.package
      (config.programs.ssh.package or pkgs.openssh)
    ];
  };

  # The same as contrib/systemd/nix-remote-builder-doctor.service.
  hardening = {
    ProtectSystem = "strict";
    ProtectHome = "read-only";
    PrivateTmp = true;
    PrivateDevices = true;
    ProtectKernelTunables = true;
    ProtectKernelModules = true;
    ProtectControlGroups = true;
    RestrictSUIDSGID = true;
    LockPersonality = true;
    NoNewPrivileges = true;
    RestrictAddressFamilies = "AF_INET AF_INET6 AF_UNIX AF_NETLINK";
  };

  # Made once, when the system is: it names the Nix, Node.js and script that it starts.
  buildHook = pkgs.runCommand "nix-build-hook" { } ''
    ${lib.getExe cfg.package} build-hook --hook '${config.nix.package}/bin/nix __build-remote' > $out
    chmod +x $out
  '';
in
{
  options.services.nix-remote-builder-doctor = doctor.options // {
    buildHook.enable = lib.mkEnableOption "a build hook that leaves out builders that do not answer";

    textfile = {
      enable = lib.mkEnableOption "a file for node_exporter's textfile collector, written by a timer";

      directory = mkOption {
        # It also becomes a tmpfiles rule and a ReadWritePaths, each with quoting of its own.
        type = types.strMatching "/[A-Za-z0-9/._+@-]*";
        example = "/var/lib/node-exporter-textfiles";
        description = "The folder that node_exporter reads (`--collector.textfile.directory`). It is made if missing.";
      };

      startAt = mkOption {
        type = types.str;
        default = "*:0/15";
        description = "When to write the file, as for {manpage}`systemd.time(7)`.";
      };
    };
  };

  config = lib.mkMerge [
    (mkIf cfg.buildHook.enable {
      nix.settings.build-hook = "${buildHook}";
      # Nix 2.25 to 2.33 forget what nix.conf says of it.
      systemd.services.nix-daemon.environment.NIX_CONFIG = "build-hook = ${buildHook}";
    })
    (mkIf cfg.enable (lib.mkMerge [
      {
        systemd.services.nix-remote-builder-doctor = common // {
          description = "Checks Nix's remote builders and serves the result";
          wantedBy = [ "multi-user.target" ];
          serviceConfig = hardening // {
            Type = "notify";
            NotifyAccess = "all";
            ExecStart = utils.escapeSystemdExecArgs (doctor.serve cfg);
            Restart = "on-failure";
            RestartSec = "30s";
            WatchdogSec = "30min";
          };
        };
      }
      (mkIf cfg.integrations.goss.enable {
        services.nix-remote-builder-doctor.integrations.goss.configFile = doctor.gossConfig cfg;
      })
      (mkIf cfg.textfile.enable {
        systemd.tmpfiles.rules = [ "d ${cfg.textfile.directory} - - - -" ];
        systemd.services.nix-remote-builder-doctor-textfile = common // {
          description = "Checks Nix's remote builders for node_exporter";
          inherit (cfg.textfile) startAt;
          serviceConfig = hardening // {
            Type = "oneshot";
            ExecStart = utils.escapeSystemdExecArgs (
              doctor.checkToFile cfg "prometheus" "${cfg.textfile.directory}/nix-remote-builders.prom"
            );
            # A builder that fails (1) or cannot be measured (3) is in the file; this unit did its work.
            SuccessExitStatus = "1 3";
            ReadWritePaths = cfg.textfile.directory;
            TimeoutStartSec = "30min";
          };
        };
      })
    ]))
  ];
}
