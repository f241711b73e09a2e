# What NixOS and nix-darwin share: the options, and the commands made from them.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;

  # It stands in a command for a shell.
  plainWord = types.strMatching "[A-Za-z0-9][A-Za-z0-9._:@-]*";

  # The rows of the program that this one follows.
  scenarios = [
    "dns"
    "matching-keys"
    "connection"
    "host-key"
    "remote-build"
    "local-to-remote-build"
  ];

  # The words of one command. Who runs them does the quoting.
  words =
    cfg: command: own:
    [
      (lib.getExe cfg.package)
      command
    ]
    ++ own
    ++ lib.optionals cfg.readOnly [ "--read-only" ]
    ++ lib.concatMap (path: [
      "--spec"
      "${path}"
    ]) cfg.specs
    ++ lib.concatMap (host: [
      "--exclude"
      host
    ]) cfg.exclude
    ++ lib.concatMap (builder: [
      "--include"
      builder.hostName
    ]) cfg.builders
    ++ lib.optionals (cfg.timeout != null) [
      "--timeout"
      "${toString cfg.timeout}ms"
    ]
    ++ cfg.extraArgs;
in
{
  options = {
    enable = lib.mkEnableOption "the service that checks Nix's remote builders again and again";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The nix-remote-builder-doctor to run.";
    };

    listen = mkOption {
      type = types.str;
      default = "127.0.0.1:9847";
      description = "Address and port of the page, /healthz, /metrics and /report.json.";
    };

    interval = mkOption {
      type = types.str;
      default = "5m";
      description = "Time from the end of a run to the next.";
    };

    readOnly = mkOption {
      type = types.bool;
      default = true;
      description = "Run only what changes nothing on this machine and on the builders.";
    };

    specs = mkOption {
      type = types.listOf types.path;
      default = [ ];
      example = lib.literalExpression "[ ./scenarios ]";
      description = "Scenarios of your own: files or folders. They are programs and run as root.";
    };

    exclude = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "mac-mini.example.org" ];
      description = "Builders that are not checked, by host or URI.";
    };

    builders = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            name = mkOption {
              type = plainWord;
              example = "silicon";
              description = "A short name, for goss.";
            };
            hostName = mkOption {
              type = plainWord;
              example = "silicon.example.org";
              description = "The host, as the machines file has it.";
            };
          };
        }
      );
      default = [ ];
      description = "Only these builders are checked; where the list is empty, all of the machines file.";
    };

    timeout = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 30000;
      description = "The most that a check may take, in milliseconds; null: as each scenario says.";
    };

    integrations.goss = {
      enable = lib.mkEnableOption "a file for goss, with a command for each of `builders` and each scenario";

      configFile = mkOption {
        type = types.path;
        description = "The file for goss. It is made by this module.";
      };
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "--jobs"
        "4"
      ];
      description = "More arguments, one word each. They must be valid for `serve`, and for `check` where that runs too.";
    };
  };

  serve =
    cfg:
    words cfg "serve" [
      "--listen"
      cfg.listen
      "--interval"
      cfg.interval
    ];

  # As contrib/goss: what waits for another check, or does not apply, passes, so that one fault is one alert.
  gossConfig =
    cfg:
    let
      command = builder: scenario: {
        name = "nix-remote-builder-doctor-${builder.name}-${scenario}";
        value = {
          exec = "${lib.getExe cfg.package} check -i '${builder.hostName}' -t ${scenario} -f tap 2>/dev/null | grep -E '^ *ok [0-9]+ - ${scenario}: '";
          exit-status = 0;
          timeout = if cfg.timeout == null then 120000 else 4 * cfg.timeout;
        };
      };
    in
    pkgs.writeText "nix-remote-builder-doctor-goss.yaml" (
      builtins.toJSON {
        command = builtins.listToAttrs (
          lib.concatMap (builder: map (command builder) scenarios) cfg.builders
        );
      }
    );

  checkToFile =
    cfg: format: file:
    words cfg "check" [
      "--format"
      "${format}=${file}"
    ];
}
